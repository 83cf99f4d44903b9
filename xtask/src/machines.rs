//! Other machines than this one: another processor under QEMU, and another C library, linked into the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::runner::Session;
use crate::steps::{Outcome, install, runs};
use crate::workspace::cargo;

/// Those whose results must not depend on the processor.
const PORTABLE: [&str; 8] = ["-p", "sorn-core", "-p", "sorn-env", "-p", "sorn-envs", "-p", "sorn-agents"];
const DEBIANS_RUSTC: &str = "/usr/bin/rustc";

/// Another processor, which QEMU emulates.
struct Processor {
    /// Name of the step, and in that of QEMU.
    name: &'static str,
    qemu: &'static str,
    target: &'static str,
    /// What Debian's cross compiler and its libraries are called.
    gnu: &'static str,
    /// Debian's packages of that compiler and of its C library.
    packages: [&'static str; 2],
    /// Whether it multiplies and adds in one rounding, as the sines of glibc do where they can: without that some are others in the last
    /// bit (docs/reliability.md).
    fused: bool,
}

const AARCH64: Processor = Processor {
    name: "aarch64",
    qemu: "qemu-aarch64",
    target: "aarch64-unknown-linux-gnu",
    gnu: "aarch64-linux-gnu",
    packages: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    fused: true,
};
const ARMV7: Processor = Processor {
    name: "armv7",
    qemu: "qemu-arm",
    target: "armv7-unknown-linux-gnueabihf",
    gnu: "arm-linux-gnueabihf",
    packages: ["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
    fused: false,
};

pub(crate) fn aarch64(session: &mut Session<'_>) -> Result<Outcome> {
    AARCH64.test(session)
}

pub(crate) fn armv7(session: &mut Session<'_>) -> Result<Outcome> {
    ARMV7.test(session)
}

impl Processor {
    /// Runs the tests of what is portable, and compares its checksums with those of this machine.
    fn test(&self, session: &mut Session<'_>) -> Result<Outcome> {
        if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
            return Ok(Outcome::Skipped("it compares another processor with Linux on x86-64"));
        }
        if session.alone != Some(self.name) {
            return Ok(Outcome::Skipped(
                "QEMU takes half an hour and more: it runs if it is the only step, --only",
            ));
        }
        let linker = format!("{}-gcc", self.gnu);
        let rustup = knows("rustc", self.target);
        let ready = || {
            let tools = [self.qemu, linker.as_str()].map(|tool| runs(Command::new(tool).arg("--version")));
            tools == [true; 2] && (rustup || knows_sources())
        };
        if !ready() {
            let library: &[&str] = if rustup { &[] } else { &SOURCES };
            install(session, &[library, &self.packages, &["qemu-user"]].concat())?;
        }
        if !ready() {
            return Ok(Outcome::Skipped(
                "a standard library, a cross compiler or QEMU is missing; on Debian: apt-get install rustc-web rust-web-src \
                 qemu-user, and gcc-aarch64-linux-gnu libc6-dev-arm64-cross or gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
            ));
        }
        let target = session.workspace.target.join(self.name);
        let emulator = format!("{} -L /usr/{}", self.qemu, self.gnu);
        let other = |verb: &str| {
            let mut command = cargo();
            command.arg(verb).args(PORTABLE).args(["--target", self.target, "--target-dir"]).arg(&target);
            let variable =
                |name: &str| format!("CARGO_TARGET_{}_{name}", self.target.to_uppercase().replace('-', "_"));
            command.env(variable("LINKER"), &linker).env(variable("RUNNER"), &emulator);
            if !rustup {
                build_library(&mut command);
            }
            command
        };
        // Under QEMU the child of a process with threads starts none.
        let skipped = ["--skip", "a_forked_child_has_helpers_of_its_own"];
        session.run(other("test").args(["--lib", "--tests", "--"]).args(skipped))?;
        session.run(other("build").args(["--example", "bits"]))?;
        let mut there = Command::new(self.qemu);
        there.arg("-L").arg(Path::new("/usr").join(self.gnu));
        let there = there.arg(target.join(self.target).join("debug/examples/bits")).output()?;
        let mut here = cargo();
        here.args(["run", "-p", "sorn-agents", "--quiet", "--example", "bits"]);
        let here = here.current_dir(&session.workspace.root).output()?;
        let [here, there] = [here, there].map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let differ = differing(&here, &there)?;
        let takes_sine = |line: &&str| SINES.iter().any(|physics| line.contains(physics));
        if let Some(line) = differ.iter().find(|line| self.fused || !takes_sine(line)) {
            bail!("{} has other bits than this machine:\n{line}", self.target);
        }
        let all = here.lines().count();
        println!("{} of {all} checksums are the same on {}", all - differ.len(), self.target);
        Ok(Outcome::Done)
    }
}

/// Debian's compiler and the sources of its standard library.
const SOURCES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// Lets cargo build the standard library as well, with Debian's compiler: rustup has brought none for the target.
fn build_library(command: &mut Command) {
    command.arg("-Zbuild-std=std,panic_unwind").env("RUSTC_BOOTSTRAP", "1").env("RUSTC", DEBIANS_RUSTC);
}

/// The lines of `here` that `there` has otherwise.
fn differing<'a>(here: &'a str, there: &str) -> Result<Vec<&'a str>> {
    if here.is_empty() || here.lines().count() != there.lines().count() {
        bail!("{} checksums here, {} there", here.lines().count(), there.lines().count());
    }
    Ok(here.lines().filter(|line| !there.lines().any(|other| other == *line)).collect())
}

const MUSL: &str = "x86_64-unknown-linux-musl";
/// What builds the standard library for musl where rustup has not brought it: a compiler and its sources, musl, and an unwinder
/// that asks for nothing of glibc's but one function.
const FOR_MUSL: [&str; 4] = ["rustc-web", "rust-web-src", "musl-tools", "libunwind-19-dev"];
/// That function, which musl does not have.
const CHECKED_PRINT: &str = r"
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *file, int flag, const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    int written = vfprintf(file, format, rest);
    va_end(rest);
    return written;
}
";

pub(crate) fn musl(session: &mut Session<'_>) -> Result<Outcome> {
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return Ok(Outcome::Skipped("it compares musl with Linux on x86-64"));
    }
    if session.alone != Some("musl") {
        return Ok(Outcome::Skipped(
            "it builds everything once more: it runs if it is the only step, --only musl",
        ));
    }
    let rustup = knows("rustc", MUSL);
    let ready = || knows_sources() && unwinder().is_some() && runs(Command::new("musl-gcc").arg("--version"));
    if !rustup && !ready() {
        install(session, &FOR_MUSL)?;
    }
    if !rustup && !ready() {
        return Ok(Outcome::Skipped(
            "the standard library for musl is missing; rustup target add x86_64-unknown-linux-musl, or on Debian: apt-get \
             install rustc-web rust-web-src musl-tools libunwind-19-dev",
        ));
    }
    let target = session.workspace.target.join("musl");
    let flags = if rustup { String::new() } else { own_library(session, &target)? };
    let mut build = cargo();
    build.args(["build", "--target", MUSL, "--target-dir"]).arg(&target);
    build.args(["-p", "sorn-cli", "--bin", "sorn", "-p", "sorn-agents", "--example", "bits"]);
    if !rustup {
        build_library(&mut build);
        build.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER", "musl-gcc");
        build.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", flags);
    }
    session.run(&mut build)?;
    let built = target.join(MUSL).join("debug");
    session.run(cargo().args([
        "build",
        "-p",
        "sorn-cli",
        "--bin",
        "sorn",
        "-p",
        "sorn-agents",
        "--example",
        "bits",
    ]))?;
    let output = |program: PathBuf| -> Result<String> {
        let output = Command::new(&program).output().with_context(|| program.display().to_string())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let here = output(session.workspace.target.join("debug/examples/bits"))?;
    let there = output(built.join("examples/bits"))?;
    let differ = differing(&here, &there)?;
    // The rest takes no sine: docs/reliability.md.
    if let Some(line) = differ.iter().find(|line| !SINES.iter().any(|physics| line.contains(physics))) {
        bail!("{MUSL} has other bits than glibc where there is no sine:\n{line}");
    }
    println!(
        "{} of {} checksums are the same on {MUSL}",
        here.lines().count() - differ.len(),
        here.lines().count()
    );
    main_job(session, &built.join("sorn"), &target.join("runs"))?;
    Ok(Outcome::Done)
}

/// What takes sines of the C library.
const SINES: [&str; 4] = ["CartPole", "MountainCar", "Acrobot", "Pendulum"];

/// CartPole is learnt by the static program, which repeats and resumes its run to the same bits.
fn main_job(session: &mut Session<'_>, sorn: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    let file = session.workspace.root.join("experiments/cartpole.toml");
    let checkpoint = |dir: &Path| -> Result<Vec<u8>> {
        let found = fs::read_dir(dir.join("cartpole/seed-0/checkpoints"))?;
        let last = found.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?.into_iter().max();
        Ok(fs::read(last.context("no checkpoint")?)?)
    };
    for name in ["one", "other"] {
        let mut run = Command::new(sorn);
        session.run(run.arg("run").arg(&file).arg("--quiet").arg("--out").arg(out.join(name)))?;
    }
    let (one, other) = (checkpoint(&out.join("one"))?, checkpoint(&out.join("other"))?);
    if one != other {
        bail!("two runs of the static program come to other bits");
    }
    session
        .run(Command::new(sorn).arg("eval").arg(out.join("one/cartpole/seed-0")).args(["--episodes", "10"]))
}

/// Whether this compiler has the standard library of a target.
fn knows(rustc: &str, target: &str) -> bool {
    let found = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    found.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Whether Debian's compiler has the sources of its standard library.
fn knows_sources() -> bool {
    let found = Command::new(DEBIANS_RUSTC).args(["--print", "sysroot"]).output();
    found.is_ok_and(|output| {
        let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").exists()
    })
}

/// LLVM's unwinder as a static library.
fn unwinder() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let llvm = folders
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("llvm-")));
    llvm.map(|path| path.join("lib/libunwind.a")).filter(|path| path.exists()).max()
}

/// Puts the unwinder and what it lacks in a folder of `target`; gives the flags with which the compiler finds it and musl.
fn own_library(session: &mut Session<'_>, target: &Path) -> Result<String> {
    let folder = target.join("unwind");
    fs::create_dir_all(&folder)?;
    let library = folder.join("libunwind.a");
    fs::copy(unwinder().context("no libunwind.a")?, &library)?;
    let (source, object) = (folder.join("print.c"), folder.join("print.o"));
    fs::write(&source, CHECKED_PRINT)?;
    session.run(Command::new("musl-gcc").args(["-O2", "-c", "-o"]).arg(&object).arg(&source))?;
    session.run(Command::new("ar").arg("r").arg(&library).arg(&object))?;
    Ok(format!(
        "-C link-self-contained=no -C target-feature=+crt-static -C relocation-model=static \
         -L native=/usr/lib/x86_64-linux-musl -L native={}",
        folder.display()
    ))
}
