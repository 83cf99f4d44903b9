//! The script of `sorn new sweep --for slurm` on a real Slurm: its controller, one node, on loopback. `cargo xtask test --only slurm` runs
//! it where Debian's `slurm-wlm` is installed, as root.

#[path = "cli/common.rs"]
mod common;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use common::{Place, QUICK, contents, send, stderr, wait_for};

/// The daemons, which end with it.
struct Slurm {
    dir: tempfile::TempDir,
}

impl Slurm {
    fn start() -> Slurm {
        let slurm = Slurm { dir: tempfile::tempdir().unwrap() };
        for folder in ["state", "spool"] {
            fs::create_dir(slurm.path(folder)).unwrap();
        }
        // Whoever has the key may submit jobs; munged wants it for its owner alone, and other folders in nobody else's hands.
        let mut key = vec![0; 1024];
        std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut key).unwrap();
        fs::write(slurm.path("munge.key"), key).unwrap();
        let mode = |name: &str, mode| {
            let rights = std::os::unix::fs::PermissionsExt::from_mode(mode);
            fs::set_permissions(slurm.path(name), rights).unwrap();
        };
        mode("munge.key", 0o600);
        mode("", 0o755);
        let option = |name: &str, file: &str| format!("--{name}={}", slurm.path(file).display());
        slurm.daemon(
            "munged",
            &[
                "--force".into(),
                option("socket", "munge.socket"),
                option("key-file", "munge.key"),
                option("pid-file", "munged.pid"),
                option("log-file", "munged.log"),
                option("seed-file", "munged.seed"),
            ],
        );
        let host = Command::new("hostname").arg("-s").output().unwrap();
        let host = String::from_utf8(host.stdout).unwrap().trim().to_string();
        // Free at this moment.
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [controller, node] = ports.map(|port| port.local_addr().unwrap().port());
        let dir = slurm.dir.path().display().to_string();
        let conf = format!(
            "ClusterName=sorn\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\nSlurmctldPort={controller}\nSlurmdPort={node}\n\
             AuthType=auth/munge\nAuthInfo=socket={dir}/munge.socket\nCredType=cred/munge\nStateSaveLocation={dir}/state\n\
             SlurmdSpoolDir={dir}/spool\nSlurmctldPidFile={dir}/slurmctld.pid\nSlurmdPidFile={dir}/slurmd.pid\n\
             SlurmctldLogFile={dir}/slurmctld.log\nSlurmdLogFile={dir}/slurmd.log\nProctrackType=proctrack/pgid\n\
             TaskPlugin=task/none\nSwitchType=switch/none\nMpiDefault=none\nJobAcctGatherType=jobacct_gather/none\n\
             AccountingStorageType=accounting_storage/none\nSelectType=select/cons_tres\nSelectTypeParameters=CR_Core\n\
             SchedulerType=sched/builtin\nSchedulerParameters=sched_interval=1,batch_sched_delay=0\nReturnToService=2\nKillWait=5\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2100 State=UNKNOWN\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        );
        fs::write(slurm.path("slurm.conf"), conf).unwrap();
        for daemon in ["slurmctld", "slurmd"] {
            slurm.daemon(daemon, &["-f".into(), slurm.path("slurm.conf").display().to_string()]);
        }
        wait_for("a node", || slurm.tell("sinfo", &["-h", "-o", "%T"]).trim() == "idle");
        slurm
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn daemon(&self, name: &str, arguments: &[String]) {
        let status = Command::new(name).args(arguments).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{name}: {status}");
    }

    /// A command of Slurm.
    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(name);
        command.args(arguments).env("SLURM_CONF", self.path("slurm.conf"));
        command
    }

    fn tell(&self, name: &str, arguments: &[&str]) -> String {
        let output: Output = self.command(name, arguments).output().unwrap();
        assert!(output.status.success(), "{name} {arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Jobs and their states, e.g. `3_0 RUNNING`.
    fn jobs(&self) -> Vec<(String, String)> {
        // Asked again and again.
        sleep(Duration::from_millis(100));
        let text = self.tell("squeue", &["-h", "-r", "-o", "%i %T"]);
        let job = |line: &str| line.split_once(' ').map(|(id, state)| (id.to_string(), state.to_string()));
        text.lines().filter_map(job).collect()
    }

    /// Submits the script in `place`, with this program as `sorn`, and gives the number of the job.
    fn submit(&self, place: &Place, script: &str) -> String {
        let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = self.command("sbatch", &["--parsable", script]);
        let output = command.current_dir(place.path("")).env("PATH", path).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for job in self.jobs() {
            let _ = self.command("scancel", &[&job.0]).status();
        }
        wait_for("the end of all jobs", || self.jobs().is_empty());
        for daemon in ["slurmd", "slurmctld", "munged"] {
            let pid = fs::read_to_string(self.path(&format!("{daemon}.pid")));
            if let Some(pid) = pid.ok().and_then(|pid| pid.trim().parse().ok()) {
                send("TERM", pid);
                wait_for("the end of a daemon", || !Path::new(&format!("/proc/{pid}")).exists());
            }
        }
    }
}

fn runs(dir: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    contents(dir).into_iter().filter(|(name, _)| name.contains("seed-")).collect()
}

#[test]
fn an_array_is_killed_requeued_and_submitted_again_and_gives_the_same_bits() {
    let slurm = Slurm::start();
    let place = Place::new();
    let text = QUICK
        .replace("episodes = 30", "episodes = 400\nstop_when_solved = false")
        .replace("ne = 50", "ne = 400");
    let sweep = "\n[sweep]\nseeds = \"0..4\"\n[sweep.grid]\nagent.encoder.gain = [1.0, 2.0]\n";
    place.write("array.toml", &format!("{text}{sweep}").replace("name = \"quick\"", "name = \"array\""));
    place.done(&["sweep", "array.toml", "--out", "whole", "--jobs", "2", "--quiet"]);
    place.done(&["new", "sweep", "array.toml", "--for", "slurm", "--parts", "4"]);
    fs::create_dir(place.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sorn"), place.path("bin/sorn")).unwrap();

    let number = slurm.submit(&place, "array.slurm.sh");
    let begun = |count: usize| {
        let all = contents(&place.path("."));
        all.keys().filter(|name| name.starts_with("runs/") && name.contains("/checkpoints/")).count() >= count
    };
    wait_for("runs with checkpoints", || place.path("runs").exists() && begun(2));
    // One job is put back into the queue, with no time to save, and another one is cancelled: it is told to save what it did.
    let running: Vec<String> =
        slurm.jobs().into_iter().filter(|job| job.1 == "RUNNING").map(|job| job.0).collect();
    assert_eq!(running.len(), 2, "{running:?}");
    slurm.tell("scontrol", &["requeue", &running[0]]);
    slurm.tell("scancel", &[&running[1]]);
    // Slurm lets a job that was put back wait for two minutes.
    wait_for("the job in the queue", || {
        slurm.jobs().iter().any(|(id, state)| *id == running[0] && state == "PENDING")
    });
    slurm.tell("scontrol", &["update", &format!("JobId={}", running[0]), "StartTime=now"]);
    wait_for("the end of the array", || slurm.jobs().is_empty());
    let listed = place.done(&["sweep", "array.toml", "--list"]);
    let done = listed.matches("  done ").count();
    assert!((4..8).contains(&done), "part of job {number} was cancelled: {listed}");

    // The same script once more does what is left, and one task is killed at once.
    slurm.submit(&place, "array.slurm.sh");
    wait_for("the job", || {
        slurm.jobs().iter().any(|(_, state)| state == "RUNNING") || slurm.jobs().is_empty()
    });
    for (id, _) in slurm.jobs() {
        let _ = slurm.command("scancel", &["--signal=KILL", "--full", &id]).status();
    }
    wait_for("the end of the array", || slurm.jobs().is_empty());
    slurm.submit(&place, "array.slurm.sh");
    wait_for("the end of the array", || slurm.jobs().is_empty());
    let text = place.done(&["sweep", "array.toml", "--collect"]);
    assert!(text.contains("runs/array/best.toml"), "{text}");
    let (whole, array) = (runs(&place.path("whole/array")), runs(&place.path("runs/array")));
    let differing: Vec<&String> = whole.keys().filter(|name| whole.get(*name) != array.get(*name)).collect();
    assert!(differing.is_empty() && whole.len() == array.len(), "different: {differing:?}");
}
