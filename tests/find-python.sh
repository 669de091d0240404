#!/bin/sh
# Print the path of a working python$1: from PATH, or from pyenv's versions.
for candidate in "$(command -v "python$1" 2>/dev/null)" "$HOME"/.pyenv/versions/"$1".*/bin/python "${PYENV_ROOT:-/nowhere}"/versions/"$1".*/bin/python; do
  if [ -n "$candidate" ] && [ -x "$candidate" ] && "$candidate" -c '' 2>/dev/null; then
    echo "$candidate"
    exit 0
  fi
done
exit 1
