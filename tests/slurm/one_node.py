"""A real Slurm of one node on the loopback interface: no systemd, no cgroups, no accounting, one folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "setpriv")
PATH_OF_DAEMONS = "/usr/sbin:/sbin"
SECONDS_TO_START = 1800.0
PORT_TAKEN = "Address already in use"
CPUS, MEMORY_MB = 2, 16_000
"""What the node says it has, so that the jobs' requests fit on every machine; nothing holds them to it."""

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=3600
MessageTimeout=100
TCPTimeout=60
BatchStartTimeout=3600
SlurmdTimeout=0
UnkillableStepTimeout=3600
OverTimeLimit=UNLIMITED
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=1,bf_interval=2,sched_interval=5
SlurmdParameters=config_overrides
MinJobAge=86400
KillWait=2
ReturnToService=2
PropagateResourceLimits=NONE
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} Gres=gpu:1 State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=INFINITE DefMemPerCPU=500 State=UP
"""


def missing_programs() -> list[str]:
    """Returns those of Slurm's programs that are not on this machine."""
    return [name for name in PROGRAMS if shutil.which(name, path=search_path()) is None]


def search_path() -> str:
    """Returns PATH with the folders of the daemons, which users do not have in theirs."""
    return f"{os.environ['PATH']}{os.pathsep}{PATH_OF_DAEMONS}"


def wait_until(
    condition: Callable[[], T], what: str, seconds: float, alive: Sequence[subprocess.Popen[bytes]] = ()
) -> T:
    """Returns what `condition` gives once that is true.

    Args:
        condition: asked every 0.1 s.
        what: what is waited for, for the message.
        seconds: to wait at most.
        alive: processes without which it will never be true.

    Raises:
        AssertionError: time is up, or one of the processes has ended.
    """
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        dead = [process.args for process in alive if process.poll() is not None]
        assert not dead, f"{what}: {dead} ended"
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)
    return result


@dataclass(frozen=True)
class Cluster:
    """A running cluster; everything it writes is below `folder`."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find this cluster, jobs of the workflow and their inner `srun` included."""
        path = f"{self.folder / 'bin'}{os.pathsep}{search_path()}"
        return os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def ask(self, *command: str) -> str:
        """Returns what one of Slurm's commands prints; nothing where it fails or does not answer."""
        try:
            done = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, timeout=600, check=False
            )
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def jobs(self, *states: str) -> list[tuple[str, str]]:
        """Returns the id and the comment (rule and wildcards) of the jobs in the states; all without any."""
        wanted = ",".join(states) or "all"
        lines = self.ask("squeue", "--noheader", f"--states={wanted}", "--format=%i|%k").splitlines()
        return [(number, comment) for number, _, comment in (line.partition("|") for line in lines)]

    def job(self, number: str) -> dict[str, str]:
        """Returns what Slurm knows of a job, by its own names: NumCPUs, MinMemoryNode, TimeLimit, ..."""
        words = self.ask("scontrol", "show", "job", "--oneliner", number).split()
        return {key: value for key, _, value in (word.partition("=") for word in words)}


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Starts a cluster, and ends its jobs and daemons whatever happens in the block.

    Ports are free when they are chosen, and may be another program's when the daemons ask for them; others
    are taken then.

    Raises:
        AssertionError: it does not answer within half an hour; the message holds the daemons' last words.
    """
    with ExitStack() as stack:
        for last in (False, False, False, True):
            try:
                cluster = stack.enter_context(_started_cluster())
                break
            except AssertionError as error:
                if last or PORT_TAKEN not in str(error):
                    raise
        yield cluster


@contextmanager
def _started_cluster() -> Iterator[Cluster]:
    folder = Path(
        tempfile.mkdtemp(prefix="quakesite-slurm-", dir="/tmp")
    )  # a short path, wherever TMPDIR is: sockets have at most 108 characters
    cluster = Cluster(folder)
    _write_configuration(folder)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            munged = stack.enter_context(_daemon(cluster, "munged", *_munge_options(folder)))
            wait_until((folder / "munge.socket").exists, "munged", SECONDS_TO_START, [munged])
            control = stack.enter_context(_daemon(cluster, "slurmctld", "-D", "-c"))
            wait_until(
                lambda: "UP" in cluster.ask("scontrol", "ping"), "slurmctld", SECONDS_TO_START, [control]
            )
            node = stack.enter_context(_daemon(cluster, "slurmd", "-D", "-N", _host()))
            daemons = [munged, control, node]
            idle = ("sinfo", "--noheader", "--format=%T")
            wait_until(lambda: cluster.ask(*idle) == "idle", "the node", SECONDS_TO_START, daemons)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{_last_words(folder)}") from None
        stack.callback(_end_jobs, cluster)
        yield cluster


def ends_with_this_process(*command: str) -> list[str]:
    """Returns the command so that the kernel ends it with this process, should that be killed."""
    return ["setpriv", "--pdeathsig", "TERM", *command]


def _host() -> str:
    return socket.gethostname().partition(".")[0]


def _munge_options(folder: Path) -> list[str]:
    files = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
    files |= {"log-file": "munged.log", "seed-file": "munged.seed"}
    return ["--foreground", "--force", *(f"--{option}={folder / name}" for option, name in files.items())]


def _write_configuration(folder: Path) -> None:
    folder.chmod(0o755)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    values = {
        "folder": folder,
        "host": _host(),
        "user": pwd.getpwuid(os.getuid()).pw_name,  # USER may be somebody else
        "cpus": CPUS,
        "memory_mb": MEMORY_MB,
    }
    ports = dict(zip(("controller_port", "node_port"), _free_ports(2), strict=True))
    (folder / "slurm.conf").write_text(CONFIGURATION.format(**values, **ports))
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    # The jobs' inner srun is started without SLURM_CONF. On a cluster /etc/slurm/slurm.conf is there; nothing
    # outside the folder is written here.
    srun = folder / "bin" / "srun"
    real = shutil.which("srun", path=search_path())
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {real} "$@"\n')
    srun.chmod(0o755)


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def _daemon(cluster: Cluster, name: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a daemon while the block runs; should the tests be killed, the kernel ends it with them."""
    program = shutil.which(name, path=search_path())
    command = ends_with_this_process(str(program), *options)
    with (cluster.folder / f"{name}.out").open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=cluster.environment
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_jobs(cluster: Cluster) -> None:
    """Ends every job and waits for the node to be free of them, so that no step outlives the daemons."""
    unfinished = ("PENDING", "RUNNING", "COMPLETING", "SUSPENDED")
    for number, _ in cluster.jobs(*unfinished):
        cluster.ask("scancel", "--full", number)
    wait_until(lambda: not cluster.jobs(*unfinished), "the end of all jobs", SECONDS_TO_START)


def _last_words(folder: Path) -> str:
    files = sorted([*folder.glob("*.out"), *folder.glob("*.log")])
    return "\n".join(f"== {file.name}\n{file.read_text(errors='replace')[-2000:]}" for file in files)
