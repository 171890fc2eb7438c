"""A Slurm cluster of one node on the loopback, for tests: root, Debian's packages, no systemd, no cgroups, no real GPU.

Its daemons are children of this process and die with it; nothing of it stays.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.repositories import wait_for

SYSTEM = Path("/etc/slurm")
PREFIX = "one-node-slurm-"
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
CONFIG = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/node
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=0
KillWait=2
MinJobAge=600
GresTypes=gpu,shard
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:{gpus},shard:{shards} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Job(NamedTuple):
    """What the queue says of a job."""

    number: str
    what: str
    memory: str
    gres: str


class Cluster:
    """Up inside a ``with`` block, down after it."""

    def __init__(self, gpus=2, shards=4):
        self.gpus, self.shards = gpus, shards
        self.host = socket.gethostname().split(".")[0]
        self.daemons = []

    def __enter__(self):
        for path in (SYSTEM / name for name in FILES):
            if PREFIX in str(path.resolve()):
                path.unlink()  # of a test that was killed
            assert not path.exists(), f"this machine has a Slurm of its own: {path}"
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        try:
            self._configure()
            self._start("munged", "--foreground", *self._munge(), user="munge", group="munge")
            wait_for(lambda: (self.folder / "munge/socket").exists(), "munged")
            self._start("slurmctld", "-D", "-i")
            self._start("slurmd", "-D")
            wait_for(lambda: self.node_state() == "idle", "an idle node", log=self.folder / "slurmctld.out")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        if self.daemons:
            self.call("scontrol", "update", f"NodeName={self.host}", "State=resume", check=False)
            self.call("scancel", "--user=root", "--full", check=False)
            with suppress(AssertionError):
                wait_for(lambda: not self.jobs("RUNNING,COMPLETING"), "the end of all jobs")
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(20)
        for process in self._left_over():
            os.kill(process, signal.SIGKILL)
        for name in FILES:
            (SYSTEM / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder)

    def _left_over(self):
        """Daemons and their helpers work in the cluster's folder; jobs carry the cluster's name."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                ours = b"SLURM_WORKING_CLUSTER=loopback:" in (process / "environ").read_bytes()
                if ours or (process / "cwd").resolve() == self.folder:
                    yield int(process.name)

    def _configure(self):
        self.folder.chmod(0o755)
        for name in ("munge", "controller", "node"):
            (self.folder / name).mkdir()
        (self.folder / "munge/key").write_bytes(os.urandom(128))
        (self.folder / "munge/key").chmod(0o400)
        for path in (self.folder / "munge", self.folder / "munge/key"):
            shutil.chown(path, "munge", "munge")
        # Slurm wants a device file per GPU and passes on the number in its name; /dev/null's twin will do.
        for i in range(self.gpus):
            os.mknod(self.folder / f"nvidia{i}", 0o600 | 0o020000, os.makedev(1, 3))
        node = f"NodeName={self.host} Name="
        devices = f"{self.folder}/nvidia[0-{self.gpus - 1}]" if self.gpus > 1 else f"{self.folder}/nvidia0"
        gres = f"{node}gpu File={devices}\n{node}shard Count={self.shards}\n"
        # Loaded even though nothing uses it; "disabled" exists from 23.02 on.
        old = self.call("slurmctld", "-V").split()[1] < "23.02"
        texts = {
            "slurm.conf": CONFIG.format(**vars(self)),
            "gres.conf": gres,
            "cgroup.conf": f"CgroupPlugin={'cgroup/v1' if old else 'disabled'}\n",
        }
        for name, text in texts.items():
            (self.folder / name).write_text(text)
            # Jobs are started without SLURM_CONF, so the files must be found where Slurm looks for them.
            (SYSTEM / name).symlink_to(self.folder / name)

    def _munge(self):
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        return [f"--{option}={self.folder}/munge/{name}" for option, name in files.items()]

    def _start(self, *command, **options):
        with open(self.folder / f"{command[0]}.out", "w") as out:
            self.daemons.append(
                subprocess.Popen(
                    command, cwd=self.folder, stdout=out, stderr=out, preexec_fn=die_with_parent, **options
                )
            )

    def call(self, *command, check=True):
        """Return what a command says; the controller of a busy machine may need to be asked again."""
        for left in reversed(range(5)):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0 or not check:
                return done.stdout.strip()
            assert left, f"{' '.join(command)} failed: {done.stderr}"
            time.sleep(2)

    def node_state(self):
        return self.call("sinfo", "--noheader", "--format=%T", check=False)

    def set_node(self, state):
        self.call("scontrol", "update", f"NodeName={self.host}", f"State={state}", "Reason=test")

    def jobs(self, states="RUNNING"):
        """Return the jobs in some states."""
        lines = self.call("squeue", "--noheader", f"--states={states}", "--format=%i|%k|%m|%b").splitlines()
        return [Job(*line.split("|")) for line in lines]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
