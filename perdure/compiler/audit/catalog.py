"""What functions outside the project do: dotted names to rules.

Names are canonical, as `Modules.qualify` gives them. A pattern that ends in `.*` covers a module's
direct members, one that ends in `.**` everything below it. The longest pattern wins, so an exact
name may be taken out of a package (`-` marks it quiet). Only *calls* are looked up here, never
imports, annotations or `except` clauses; attribute reads have a short list of their own.
"""

from __future__ import annotations

import re
import sys
from functools import cache

# Words of one line share a rule. `module: a b` is short for `module.a module.b`.
_CALLS = {
    "PD201": """
        time: time time_ns
        datetime.datetime: now utcnow today
        datetime.date: today
        pandas.Timestamp: now utcnow today
        arrow: now utcnow
        arrow.Arrow: now utcnow
        pendulum: now today tomorrow yesterday
        django.utils.timezone: now localdate localtime
    """,
    "PD202": """
        time: monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns
        time: thread_time thread_time_ns clock_gettime clock_gettime_ns
        timeit: timeit repeat default_timer
        os: times
        asyncio.AbstractEventLoop: time
    """,
    "PD203": """
        time: mktime tzset
        locale: getlocale getdefaultlocale setlocale localeconv nl_langinfo strcoll strxfrm
        locale: getpreferredencoding currency format_string
        tzlocal: get_localzone get_localzone_name
        dateutil.tz: tzlocal
        datetime.date: fromtimestamp
    """,
    "PD204": "random.*",
    "PD205": """
        secrets.*
        os: urandom getrandom
        random: SystemRandom
        ssl: RAND_bytes RAND_pseudo_bytes
        bcrypt: gensalt
        Crypto.Random: get_random_bytes
        cryptography.fernet.Fernet: generate_key
    """,
    "PD206": """
        numpy.random.**
        torch: rand randn randint randperm rand_like randn_like randint_like bernoulli multinomial
        torch: normal manual_seed seed
        faker: Faker
        tensorflow.random.**
    """,
    "PD207": """
        uuid: uuid1 uuid4 uuid6 uuid7 getnode
        nanoid: generate
        shortuuid: uuid random
        ulid: new ULID
        ulid.ULID: from_timestamp
        bson: ObjectId
        bson.objectid: ObjectId
        cuid: cuid
        uuid6: uuid1 uuid6 uuid7 uuid8
        uuid_utils: uuid1 uuid4 uuid6 uuid7
        uuid_extensions: uuid7 uuid7str
    """,
    "PD208": """
        os: getenv getenvb putenv unsetenv
        dotenv: load_dotenv dotenv_values set_key
        decouple: config
        environs: Env
    """,
    "PD209": """
        os: getpid getppid getpgid getpgrp getsid getuid geteuid getgid getegid getgroups getlogin
        os: uname cpu_count process_cpu_count getcwd getcwdb getloadavg sched_getaffinity
        platform.*
        socket: gethostname getfqdn
        getpass: getuser
        threading: get_ident get_native_id current_thread main_thread active_count enumerate
        multiprocessing: current_process parent_process cpu_count
        psutil.**
        pathlib.Path: cwd home
        os.path: expanduser expandvars abspath
    """,
    "PD210": """
        builtins: open
        io: open open_code FileIO
        codecs: open
        os: open close read write pread pwrite fsync fdatasync truncate ftruncate lseek sendfile
        os: mkdir makedirs rmdir removedirs remove unlink rename renames replace link symlink
        os: readlink chmod chown lchown stat lstat fstat statvfs utime access chdir chroot fchdir
        os: mkfifo mknod pipe dup dup2 sync copy_file_range memfd_create umask
        os.path: exists lexists isfile isdir islink ismount getsize getmtime getatime getctime
        os.path: samefile realpath
        pathlib.Path: open read_text read_bytes write_text write_bytes touch mkdir rmdir unlink
        pathlib.Path: rename replace stat lstat exists is_file is_dir is_symlink is_mount chmod
        pathlib.Path: symlink_to hardlink_to readlink samefile owner group resolve expanduser
        pathlib.Path: absolute
        shutil.*
        tempfile.*
        fileinput.*
        mmap: mmap
        shelve: open
        dbm.*
        zipfile: ZipFile
        tarfile: open TarFile
        gzip: open GzipFile
        bz2: open BZ2File
        lzma: open LZMAFile
        aiofiles.**
        filelock.*
        linecache: getline getlines
        logging: FileHandler
        pandas: read_csv read_parquet read_excel read_json read_table read_feather read_pickle
        pandas.DataFrame: to_csv to_parquet to_excel to_pickle to_feather
        numpy: load save savez loadtxt savetxt fromfile memmap
    """,
    "PD211": """
        os: listdir scandir walk fwalk
        glob: glob iglob
        pathlib.Path: iterdir glob rglob walk
    """,
    "PD212": """
        socket: socket create_connection create_server socketpair getaddrinfo gethostbyname
        socket: gethostbyname_ex gethostbyaddr getnameinfo
        socket.socket: connect send sendall recv bind listen accept
        ssl: get_server_certificate
        urllib.request: urlopen urlretrieve
        urllib.request.OpenerDirector: open
        http.client.HTTPConnection: request getresponse connect
        http.client.HTTPSConnection: request getresponse connect
        http.server.*
        socketserver.*
        smtplib: SMTP SMTP_SSL LMTP
        smtplib.SMTP: send_message sendmail login connect
        ftplib: FTP FTP_TLS
        imaplib: IMAP4 IMAP4_SSL
        poplib: POP3 POP3_SSL
        telnetlib: Telnet
        xmlrpc.client: ServerProxy
        asyncio: open_connection start_server open_unix_connection start_unix_server
        requests.**
        httpx.**
        aiohttp.**
        urllib3.**
        websockets.**
        websocket.**
        paramiko.**
        pycurl.**
        grpc: insecure_channel secure_channel
        grpc.aio: insecure_channel secure_channel
        aiosmtplib.**
        nats.**
        pika: BlockingConnection SelectConnection
        kafka.**
        aiokafka.**
        zmq.**
        dns.resolver.**
    """,
    "PD213": """
        boto3.**
        botocore.session.**
        aioboto3.**
        openai.**
        anthropic.**
        litellm.**
        stripe.**
        cohere.**
        replicate.**
        google.cloud.**
        google.generativeai.**
        googleapiclient.**
        azure.**
        twilio.rest.**
        sendgrid.**
        slack_sdk.**
        firebase_admin.**
        sentry_sdk: capture_message capture_exception
    """,
    "PD214": """
        sqlite3: connect
        sqlite3.Connection: execute executemany executescript commit rollback cursor close backup
        sqlite3.Cursor: execute executemany executescript fetchone fetchall fetchmany
        psycopg.**
        psycopg2.**
        psycopg_pool.**
        asyncpg.**
        aiosqlite.**
        pymysql.**
        MySQLdb.**
        mysql.connector.**
        aiomysql.**
        pyodbc.**
        oracledb.**
        duckdb.**
        redis.**
        pymongo.**
        motor.**
        peewee: Database
        elasticsearch.**
        clickhouse_connect.**
        snowflake.connector.**
        sqlalchemy: create_engine
        sqlalchemy.ext.asyncio: create_async_engine
        sqlalchemy.orm.Session: execute add add_all commit rollback flush query get scalar scalars
        sqlalchemy.orm.Session: merge delete refresh begin
        sqlalchemy.ext.asyncio.AsyncSession: execute add add_all commit rollback flush get scalar
        sqlalchemy.ext.asyncio.AsyncSession: scalars merge delete refresh begin
        sqlalchemy.engine.Engine: connect begin execute
        sqlalchemy.Engine: connect begin execute
        sqlalchemy.engine.Connection: execute commit begin
        sqlalchemy.Connection: execute commit begin
        django.db.connection: cursor
        django.db.transaction: atomic
    """,
    "PD215": """
        subprocess: run call check_call check_output Popen getoutput getstatusoutput
        os: system popen startfile fork forkpty posix_spawn posix_spawnp execl execle execlp execlpe
        os: execv execve execvp execvpe spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp
        os: spawnvpe wait waitpid wait3 wait4 waitid
        asyncio: create_subprocess_exec create_subprocess_shell
        pty: spawn fork
        webbrowser.*
        pexpect: spawn run
        sh.**
        plumbum.**
    """,
    "PD216": """
        threading.*
        _thread.*
        multiprocessing.*
        multiprocessing.pool: Pool ThreadPool
        multiprocessing.shared_memory.*
        concurrent.futures: ThreadPoolExecutor ProcessPoolExecutor InterpreterPoolExecutor wait
        concurrent.futures: as_completed
        concurrent.futures.thread: ThreadPoolExecutor
        concurrent.futures.process: ProcessPoolExecutor
        concurrent.futures.Executor: submit map
        asyncio: to_thread run_coroutine_threadsafe
        asyncio.AbstractEventLoop: run_in_executor
        anyio.to_thread: run_sync
        trio.to_thread: run_sync
        starlette.concurrency: run_in_threadpool
        gevent.**
        eventlet.**
        joblib: Parallel
    """,
    "PD217": """
        asyncio: run Runner new_event_loop get_event_loop set_event_loop get_running_loop
        asyncio: set_event_loop_policy get_event_loop_policy
        asyncio.AbstractEventLoop: run_until_complete run_forever call_later call_soon call_at
        nest_asyncio: apply
        uvloop: run install new_event_loop
        trio: run
        anyio: run
        asgiref.sync: async_to_sync sync_to_async
    """,
    "PD218": "time.sleep",
    "PD219": "anyio.sleep trio.sleep",
    "PD220": """
        builtins: input breakpoint
        getpass: getpass
        pdb: set_trace
        typer: prompt confirm
        click: prompt confirm
    """,
    "PD221": """
        builtins: exit quit
        sys: exit
        os: _exit abort kill killpg setsid nice
        signal.*
        atexit.*
        faulthandler.*
    """,
    "PD222": """
        warnings: catch_warnings filterwarnings simplefilter resetwarnings
        unittest.mock: patch
        unittest.mock.patch: dict multiple object
        sys: setrecursionlimit setswitchinterval setprofile settrace
        gc: disable enable freeze unfreeze set_threshold
        socket: setdefaulttimeout
    """,
    "PD225": "builtins.hash",
    "PD226": "builtins.id",
    "PD240": """
        builtins: print
        logging: debug info warning warn error exception critical log
        logging.Logger: debug info warning warn error exception critical log
        logging.LoggerAdapter: debug info warning error exception critical log
        warnings: warn
        sys.stdout: write
        sys.stderr: write
        pprint: pprint pp
        traceback: print_exc print_stack
    """,
    "PD291": """
        builtins: exec eval compile __import__
        importlib: import_module reload
        runpy: run_path run_module
        types: FunctionType
    """,
    # Quiet parts of the packages above: pure data, values, arguments made equal.
    "-": """
        random: Random getstate
        random.Random.**
        secrets: compare_digest
        numpy.random: Generator
        numpy.random.Generator.**
        tempfile: gettempprefix
        shutil: get_archive_formats get_terminal_size ignore_patterns
        pathlib: Path PosixPath
        dbm: whichdb
        threading: settrace setprofile
        multiprocessing: freeze_support
        signal: Signals strsignal valid_signals
        requests: Request
        requests.models.**
        requests.structures.**
        requests.utils.**
        requests.auth.**
        requests.Response.**
        requests.Request.**
        httpx: URL Headers Timeout Limits QueryParams Request Response Cookies BasicAuth
        httpx.URL.**
        httpx.Headers.**
        httpx.Response.**
        httpx.Request.**
        httpx.QueryParams.**
        aiohttp: ClientTimeout FormData BasicAuth
        aiohttp.FormData.**
        aiohttp.ClientResponse.raise_for_status
        urllib3.util.**
        urllib3: Timeout Retry
        openai.types.**
        anthropic.types.**
        stripe.error.**
        azure.core.exceptions.**
        google.cloud.exceptions.**
        boto3.dynamodb.conditions.**
        botocore.config.**
        redis.exceptions.**
        pymongo.errors.**
        psycopg.sql.**
        psycopg2.sql.**
        psycopg2.extras: Json
        psycopg.types.**
        psycopg.rows.**
        websockets.exceptions.**
        kafka.errors.**
        sqlite3: Row Binary Date Time Timestamp complete_statement
        platform: python_implementation
    """,
}

# Attributes that are hazards when they are merely read.
_READS = {
    "os.environ": "PD208",
    "os.environb": "PD208",
    "sys.argv": "PD208",
    "sys.stdin": "PD220",
    "time.timezone": "PD203",
    "time.altzone": "PD203",
    "time.daylight": "PD203",
    "time.tzname": "PD203",
}

# Calls that are only a hazard with few arguments: (code, how many make it harmless, the code then).
_BY_ARGUMENTS = {
    "time.localtime": ("PD201", 1, "PD203"),
    "time.gmtime": ("PD201", 1, None),
    "time.ctime": ("PD201", 1, "PD203"),
    "time.asctime": ("PD201", 1, None),
    "time.strftime": ("PD201", 2, None),
    "email.utils.formatdate": ("PD201", 1, None),
    "email.utils.localtime": ("PD201", 1, None),
    "datetime.datetime.fromtimestamp": ("PD203", 2, None),
    "datetime.datetime.astimezone": ("PD203", 1, None),
    "random.Random": ("PD204", 1, None),
    "numpy.random.default_rng": ("PD206", 1, None),
    "numpy.random.RandomState": ("PD206", 1, None),
    "numpy.random.SeedSequence": ("PD206", 1, None),
    "numpy.random.PCG64": ("PD206", 1, None),
    "numpy.random.MT19937": ("PD206", 1, None),
    "numpy.random.Philox": ("PD206", 1, None),
}

# Methods whose names say enough, whatever the receiver is.
UNMISTAKABLE = {
    "run_in_executor": "PD216",
    "run_until_complete": "PD217",
    "create_subprocess_exec": "PD215",
}

# Classes in the packages above that do something when they are made; the others are quiet until
# one of their methods is called, so that `requests.Session()` and its `.get()` are one finding.
_LAZY_CLASSES = frozenset({"PD212", "PD213", "PD214"})
_EAGER = frozenset({
    "smtplib.SMTP", "smtplib.SMTP_SSL", "smtplib.LMTP", "ftplib.FTP", "ftplib.FTP_TLS",
    "imaplib.IMAP4", "imaplib.IMAP4_SSL", "poplib.POP3", "poplib.POP3_SSL", "telnetlib.Telnet",
    "xmlrpc.client.ServerProxy", "pika.BlockingConnection",
})  # fmt: skip

# Packages outside the standard library that compute and touch nothing (as far as calls go).
_PURE_PACKAGES = frozenset({
    "attr", "attrs", "pydantic", "pydantic_core", "typing_extensions", "more_itertools", "toolz",
    "sortedcontainers", "numpy", "networkx", "dateutil", "orjson", "msgspec", "annotated_types",
    "yaml", "tomli", "tomlkit", "jinja2", "markdown", "phonenumbers", "babel", "pytz", "sympy",
    "jsonschema", "returns", "cattrs", "frozendict", "immutables", "pyrsistent", "structlog",
    "loguru", "rich", "packaging", "_typeshed",
})  # fmt: skip

_EXCEPTION = re.compile(r"(?:Error|Exception|Warning|Exit|Interrupt|Timeout)$")


def _read(table: dict[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for code, text in table.items():
        for line in text.strip().splitlines():
            head, colon, words = line.strip().partition(": ")
            if colon:
                names |= {f"{head}.{word}": code for word in words.split()}
            else:
                names |= dict.fromkeys(head.split(), code)
    return names


_NAMES = _read(_CALLS)


@cache
def _pattern(dotted: str) -> str | None:
    """The code of the longest pattern that covers `dotted`; "-" for what is known to be quiet."""
    if dotted in _NAMES:
        return _NAMES[dotted]
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:cut])
        if cut == len(parts) - 1 and f"{head}.*" in _NAMES:
            return _NAMES[f"{head}.*"]
        if f"{head}.**" in _NAMES:
            return _NAMES[f"{head}.**"]
    return None


def of_call(dotted: str, arguments: int) -> str | None:
    """The rule that a call of `dotted` with so many arguments breaks; None when it is harmless."""
    if dotted in _BY_ARGUMENTS:
        few, enough, otherwise = _BY_ARGUMENTS[dotted]
        return few if arguments < enough else otherwise
    code = _pattern(dotted)
    if code in (None, "-") or _EXCEPTION.search(dotted):
        return None
    last = dotted.rpartition(".")[2]
    lazy = code in _LAZY_CLASSES and last[:1].isupper() and last.upper() != last
    return None if lazy and dotted not in _EAGER else code


def of_value(dotted: str) -> str | None:
    """The rule that handing over the function `dotted` itself breaks."""
    last = dotted.rpartition(".")[2]
    return None if last[:1].isupper() else of_call(dotted, 0)


def of_read(dotted: str) -> str | None:
    """The rule that reading the attribute `dotted` breaks."""
    return _READS.get(dotted)


def is_known(dotted: str) -> bool:
    """Whether a call of this name has been judged: by the table, or because its package is pure."""
    top = dotted.partition(".")[0]
    if _pattern(dotted) is not None or top in _PURE_PACKAGES or _EXCEPTION.search(dotted):
        return True
    return top in sys.stdlib_module_names or top == "builtins"
