"""Effects on the world: files, network, databases, processes, threads, terminals."""
import asyncio
import atexit
import builtins
import concurrent.futures
import getpass
import glob
import io
import multiprocessing
import os
import os.path
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath
from time import sleep

import aiohttp
import boto3
import anyio
import httpx
import psycopg
import redis
import requests
from openai import OpenAI
from perdure import workflow
from sqlalchemy.orm import Session


@workflow
def files(path: Path, name):
    with open(name) as f:  # expect: PD210
        text = f.read()
    with io.open(name) as f:  # expect: PD210
        text += f.read()
    text += path.read_text()  # expect: PD210
    (path / "x" / name).write_text(text)  # expect: PD210
    Path(name).unlink()  # expect: PD210
    path.parent.mkdir()  # expect: PD210
    p = Path("a")
    if p.exists():  # expect: PD210
        os.remove(name)  # expect: PD210
    os.makedirs(name)  # expect: PD210
    os.path.exists(name)  # expect: PD210
    shutil.copy(name, name)  # expect: PD210
    tempfile.mkdtemp()  # expect: PD210
    builtins.open(name)  # expect: PD210
    with tempfile.TemporaryDirectory() as d:  # expect: PD210
        text += d
    Path.cwd()  # expect: PD209
    return text


@workflow
def files_quiet(path: Path, pure: PurePath, thing, name):
    a = os.path.join(name, "x")
    b = os.path.basename(name), os.path.splitext(name), os.sep, os.fspath(path)
    c = path / "x", path.name, path.with_suffix(".x"), path.parts, pure.as_posix()
    d = Path(name).stem
    thing.open()
    thing.read_text()
    return a, b, c, d


@workflow
def folders(path: Path, name):
    a = os.listdir(name)  # expect: PD211
    b = list(os.walk(name))  # expect: PD211
    c = glob.glob("*")  # expect: PD211
    d = list(path.iterdir())  # expect: PD211
    e = [p for p in path.glob("*")]  # expect: PD211
    return [a, b, c, d, e]


@workflow
def network(session: requests.Session, response: requests.Response, url):
    try:
        a = requests.get(url)  # expect: PD212
        a.raise_for_status()
    except requests.exceptions.HTTPError:
        raise requests.RequestException("no") from None
    b = session.post(url)  # expect: PD212
    own = requests.Session()
    c = own.get(url)  # expect: PD212
    with httpx.Client() as client:
        client.get(url)  # expect: PD212
    d = httpx.get(url, timeout=httpx.Timeout(3))  # expect: PD212
    e = urllib.request.urlopen(url)  # expect: PD212
    f = socket.socket()  # expect: PD212
    g = smtplib.SMTP("x")  # expect: PD212
    h = response.json()
    i = httpx.URL(url).host, requests.Request("GET", url)
    return [a, b, c, d, e, f, g, h, i, socket.AF_INET]


@workflow
async def network_async(url):
    async with aiohttp.ClientSession() as session:
        await session.get(url)  # expect: PD212
    await asyncio.open_connection("h", 1)  # expect: PD212
    return isinstance(url, aiohttp.ClientSession)


@workflow
def cloud(client: OpenAI):
    s3 = boto3.client("s3")  # expect: PD213
    s3.put_object()
    client.chat(1)  # expect: PD213


@workflow
def databases(conn: sqlite3.Connection, session: Session):
    own = sqlite3.connect("x")  # expect: PD214
    conn.execute("select 1")  # expect: PD214
    own.execute("select 1")  # expect: PD214
    psycopg.connect("x")  # expect: PD214
    session.commit()  # expect: PD214
    cache = redis.Redis()
    cache.get("x")  # expect: PD214
    return own


@workflow
def processes():
    subprocess.run(["ls"])  # expect: PD215
    os.system("ls")  # expect: PD215
    p = subprocess.Popen(["ls"])  # expect: PD215
    p.wait()
    os.fork()  # expect: PD215
    return isinstance(p, subprocess.Popen), subprocess.PIPE


@workflow
def threads(f, loop: asyncio.AbstractEventLoop, other):
    threading.Thread(target=f).start()  # expect: PD216
    with ThreadPoolExecutor() as pool:  # expect: PD216
        pool.submit(f)
    with concurrent.futures.ProcessPoolExecutor() as pool:  # expect: PD216
        pool.submit(f)
    multiprocessing.Pool(2)  # expect: PD216
    threading.Lock()  # expect: PD216
    loop.run_in_executor(None, f)  # expect: PD216
    other.run_in_executor(None, f)  # expect: PD216


@workflow
def loops(f):
    asyncio.run(f())  # expect: PD217
    asyncio.new_event_loop()  # expect: PD217
    asyncio.get_event_loop().run_until_complete(f())  # expect: PD217, PD217


@workflow
async def waiting():
    time.sleep(1)  # expect: PD218
    sleep(1)  # expect: PD218
    await asyncio.sleep(1)
    await anyio.sleep(1)  # expect: PD219
    await asyncio.gather()


@workflow
def terminal():
    input("name?")  # expect: PD220
    getpass.getpass()  # expect: PD220
    line = sys.stdin.readline()  # expect: PD220
    breakpoint()  # expect: PD220
    print("fine", line)


@workflow
def ends():
    sys.exit(1)  # expect: PD221
    os._exit(1)  # expect: PD221
    os.kill(1, signal.SIGTERM)  # expect: PD221
    signal.signal(signal.SIGTERM, None)  # expect: PD221
    atexit.register(print)  # expect: PD221
    raise SystemExit(1)
