"""What a Spark of this machine is told before it starts, so that it finds the same files as `dbutils.fs`.

Written as the folder that `SPARK_CONF_DIR` names, because every way to Spark reads it: `spark` of notebooks, a session
that a script starts, and JARs. Hadoop's mount tables show it the emulator's folders under the addresses of DBFS,
of volumes, and of the containers that the task's parameters name.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from .task import Task

_ADDRESS = re.compile(
    r"\w+://(?P<container>[^@/]+)@(?P<account>[^./]+)\.\w+(?P<domain>\.[^/]*)/?(?P<path>.*)", re.DOTALL
)
_STORAGE_SCHEMES = ("abfss", "abfs", "wasbs", "wasb")
_MOUNTING = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
_FILES = "mounted"
"""A scheme of ours for local files: that of `file:` writes a hidden file with checksums beside each, and trusts it."""
_TABLE = "spark.hadoop.fs.viewfs.mounttable"
_SPECIAL = re.compile(r"([\\ :=#!])")
_LOG = """\
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss}} %p %c{{1}}: %m%n%ex
"""


def write_settings(task: Task, folder: Path) -> None:
    """Write the folder for `SPARK_CONF_DIR`."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(task.scratch)
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.legacy.createHiveTableByDefault": "false",  # nobody has a Hive here
        **task.spark_conf,
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.warehouse.dir": (scratch / "tables").as_uri(),
        "spark.hadoop.fs.defaultFS": "dbfs:///",
        f"spark.hadoop.fs.{_FILES}.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        **_dbfs(task),
        **_containers(task),
    }
    jars = task.jars[1:] if task.kind == "jar" else task.jars  # the first one is what is run
    if jars:
        settings["spark.jars"] = ",".join(Path(jar).as_uri() for jar in jars)
    lines = [f"{_SPECIAL.sub(r'\\\1', name)}={value.replace('\\', '\\\\')}\n" for name, value in settings.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    # The emulator makes a folder of an address with nothing behind it, for `open`. In storage there is none, and Spark
    # writes no table to a folder that is there. This runs when a Spark starts, whoever starts it.
    empty = "".join(f"rmdir {shlex.quote(place)} 2>/dev/null || true\n" for place in sorted(task.places.values())[::-1])
    (folder / "spark-env.sh").write_text(empty, encoding="utf-8")
    # At Databricks, Spark's own log is none of the task's output, either.
    (folder / "log4j2.properties").write_text(_LOG.format(file=scratch / "log4j.txt"), encoding="utf-8")


def _dbfs(task: Task) -> dict[str, str]:
    """DBFS, which also takes paths without a scheme: volumes, the workspace, what parameters hold, and its own root."""
    own = {Path(folder).parent for folder in (task.workspace, task.volumes, task.scratch)}
    outermost = [folder for folder in own if not any(folder != other and folder.is_relative_to(other) for other in own)]
    links = {str(folder): folder for folder in outermost}
    links |= {"/Volumes": Path(task.volumes), "/Workspace": Path(task.workspace)}
    return {
        "spark.hadoop.fs.dbfs.impl": _MOUNTING,
        f"{_TABLE}.default.linkFallback": _uri(Path(task.dbfs)),
        **{f"{_TABLE}.default.link.{path}": _uri(folder) for path, folder in links.items()},
    }


def _containers(task: Task) -> dict[str, str]:
    """The containers of the task's URIs, under both hosts of their account."""
    found = {}
    for uri, local in task.places.items():
        parts = _ADDRESS.fullmatch(uri)
        if parts is None:
            continue
        below = [part for part in parts["path"].split("/") if part]
        root = Path(local).parents[len(below) - 1] if below else Path(local)
        for host in ("dfs", "blob"):
            table = f"{parts['container']}@{parts['account']}.{host}{parts['domain']}"
            found[f"{_TABLE}.{table}.linkFallback"] = _uri(root)
    return found | ({f"spark.hadoop.fs.{scheme}.impl": _MOUNTING for scheme in _STORAGE_SCHEMES} if found else {})


def _uri(folder: Path) -> str:
    return folder.absolute().as_uri().replace("file:", f"{_FILES}:", 1)
