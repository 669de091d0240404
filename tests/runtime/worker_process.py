"""A worker in a process of its own: `python -m tests.runtime.worker_process URL LEASE`."""

import sys

import perdure


def main() -> None:
    url, lease = sys.argv[1:]
    with perdure.connect(url, create=False) as client:
        print("up", flush=True)
        perdure.Worker(client, concurrency=8, lease=float(lease)).run()


if __name__ == "__main__":
    main()
