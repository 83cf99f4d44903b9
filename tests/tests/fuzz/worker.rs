//! One target: case after case, each in a net for panics.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::coverage::Coverage;
use crate::rng::Rng;
use crate::targets::{ALL, Named, Target};

/// What one process does.
pub(crate) struct Task {
    pub(crate) target: String,
    pub(crate) seed: u64,
    pub(crate) from: u64,
    pub(crate) until: u64,
    pub(crate) seconds: u64,
    pub(crate) dir: PathBuf,
}

/// Where and why the last panic was.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let said = info.payload().downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| info.payload().downcast_ref::<&str>().copied()).unwrap_or("no message");
        if let Ok(mut panic) = PANIC.lock() {
            *panic = format!("a panic at {place}: {said}");
        }
    }));
}

/// Tries cases until time or numbers are at their end. In the folder are, for whoever watches: `progress`, the number of the case
/// under way; `input`, what it reads; `failures.jsonl`; at the end `done`, the number of cases.
pub(crate) fn work(task: &Task) -> ExitCode {
    let Some(named) = ALL.iter().find(|named| named.name == task.target) else {
        eprintln!("unknown target {:?}; --list names them", task.target);
        return ExitCode::from(2);
    };
    let began = Instant::now();
    let run = || -> std::io::Result<()> {
        let mut tried = 0;
        let mut fuzzer = Fuzzer::new(named, task.seed, &task.dir)?;
        let mut progress = File::create(task.dir.join("progress"))?;
        let mut failures = File::options().append(true).create(true).open(task.dir.join("failures.jsonl"))?;
        for case in task.from..task.until {
            if began.elapsed() >= Duration::from_secs(task.seconds) {
                break;
            }
            progress.seek(SeekFrom::Start(0))?;
            progress.write_all(&case.to_le_bytes())?;
            tried += 1;
            if let Err(said) = fuzzer.case(case) {
                let kept = format!("{}-{case}", named.name);
                fs::write(task.dir.join(&kept), &fuzzer.input)?;
                let line = serde_json::json!({"case": case, "said": said, "input": kept});
                writeln!(failures, "{line}")?;
            }
        }
        fs::write(task.dir.join("done"), format!("{tried} {}", fuzzer.coverage.found()))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", task.dir.display());
            ExitCode::from(2)
        }
    }
}

struct Fuzzer {
    target: Box<dyn Target>,
    name: &'static str,
    seed: u64,
    seeds: Vec<Vec<u8>>,
    coverage: Coverage,
    input: Vec<u8>,
}

impl Fuzzer {
    fn new(named: &'static Named, seed: u64, dir: &Path) -> std::io::Result<Fuzzer> {
        note_panics();
        let dir = dir.join("work");
        fs::create_dir_all(&dir)?;
        let target = (named.make)(&std::path::absolute(&dir)?);
        let mut seeds = target.seeds();
        seeds.extend(corpus(named.name)?.into_iter().map(|(_, bytes)| bytes));
        Ok(Fuzzer { target, name: named.name, seed, seeds, coverage: Coverage::new(), input: Vec::new() })
    }

    /// One case by its number: the same input for the same seed, unless coverage chose more seeds.
    fn case(&mut self, case: u64) -> Result<(), String> {
        let mut rng = Rng::new(self.seed, self.name, case);
        let from = rng.pick(&self.seeds).clone();
        self.input = self.target.mutate(&from, &self.seeds, &mut rng);
        let outcome = self.look();
        if self.coverage.is_new() {
            self.seeds.push(self.input.clone());
        }
        outcome
    }

    /// Runs the target on the input.
    fn look(&mut self) -> Result<(), String> {
        let (target, input) = (&mut self.target, &self.input);
        // A target that panicked is made of plain values, and used again.
        catch_unwind(AssertUnwindSafe(|| target.look(input)))
            .unwrap_or_else(|_| Err(PANIC.lock().map(|said| said.clone()).unwrap_or_default()))
    }
}

/// Inputs that once failed, or are worth beginning from.
fn corpus(name: &str) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let Ok(entries) = fs::read_dir(&dir) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), fs::read(&path)?))).collect()
}

/// As a test: what is in the corpus, and a few cases of every target.
pub(crate) fn test() -> ExitCode {
    const CASES: u64 = 300;
    let mut failed = 0;
    for named in ALL {
        let Ok(dir) = tempfile::tempdir() else {
            eprintln!("no temporary folder can be made");
            return ExitCode::from(2);
        };
        let mut problems = Vec::new();
        match Fuzzer::new(named, 1, dir.path()).and_then(|fuzzer| Ok((fuzzer, corpus(named.name)?))) {
            Err(error) => problems.push(error.to_string()),
            Ok((mut fuzzer, kept)) => {
                for (path, bytes) in kept {
                    fuzzer.input = bytes;
                    problems.extend(fuzzer.look().err().map(|said| format!("{}: {said}", path.display())));
                }
                for case in 0..CASES {
                    problems.extend(fuzzer.case(case).err().map(|said| format!("case {case}: {said}")));
                }
            }
        }
        println!(
            "{}: {} ... {}",
            named.name,
            named.promise,
            if problems.is_empty() { "ok" } else { "FAILED" }
        );
        problems.iter().take(5).for_each(|said| println!("  {said}"));
        failed += usize::from(!problems.is_empty());
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {} passed; {failed} failed", ALL.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}
