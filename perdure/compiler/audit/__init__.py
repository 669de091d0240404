"""`perdure audit`: find what a workflow does that a run, going on elsewhere, cannot keep.

    report = audit_paths([Path("shop")])
    print(report.text()); sys.exit(report.exit_code)

The way through, file by file: `world` reads the project; `bindings`, `classes`, `types` and
`callees` say what names and calls mean; `catalog` and `known` are data about the world outside;
`reader`, with `order`, `identity` and `shared`, turns one function into `facts`; `summaries` does
so for each kind of `units`; `walk` goes along the calls from each workflow; `suppress` reads
comments; `run` puts it together into a `report`. `rules` has every code.
"""

from perdure.compiler.audit.report import Finding, Report
from perdure.compiler.audit.rules import RULES, Rule, explain
from perdure.compiler.audit.run import AuditError, audit_paths

__all__ = ["RULES", "AuditError", "Finding", "Report", "Rule", "audit_paths", "explain"]
