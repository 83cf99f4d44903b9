//! `sorn new sweep`: the script with which a scheduler of clusters runs a sweep.

use std::path::{Path, PathBuf};

use sorn_lab::{Plan, counted};

use super::new::write_new;
use crate::ExitStatus;
use crate::args::{NewSweep, Scheduler};
use crate::output::{Usage, result};

pub(crate) fn run(args: &NewSweep) -> anyhow::Result<ExitStatus> {
    if args.file.is_dir() {
        let found = args.file.display();
        return Err(Usage(format!("{found}: expected an experiment file, found a directory")).into());
    }
    let plan = Plan::load(&args.file, &[])?;
    plan.check()?;
    let parts = args.parts.min(plan.tasks());
    let (end, text, submit) = match args.scheduler {
        Scheduler::Slurm => ("slurm.sh", slurm(args, &plan, parts), "sbatch"),
        Scheduler::Kubernetes => ("kubernetes.yaml", kubernetes(args, &plan, parts), "kubectl apply -f"),
        Scheduler::Pbs => ("pbs.sh", pbs(args, &plan, parts), "qsub"),
    };
    let path = PathBuf::from(format!("{}.{end}", plan.name()));
    write_new(&path, &text)?;
    let tasks = counted(plan.tasks(), "task");
    result(&format!(
        "{0} written, {tasks} in {1}; next: {submit} {0}\n",
        path.display(),
        counted(parts, "part")
    ))?;
    Ok(ExitStatus::Done)
}

/// The command that runs a part, for a shell.
fn command(args: &NewSweep, parts: u64) -> String {
    let (file, out) = (quoted(&args.file), quoted(&args.out));
    format!("exec sorn sweep {file} --out {out} --of {parts} --jobs {} --quiet", args.jobs)
}

/// What to do when all parts are done.
fn collect(args: &NewSweep) -> String {
    format!("sorn sweep {} --out {} --collect", quoted(&args.file), quoted(&args.out))
}

fn head(args: &NewSweep, plan: &Plan, parts: u64) -> String {
    format!(
        "# Sweep {}: {} in {}.\n# Tasks that are done are not run again, so that this may be submitted again after a failure.\n\
         # Collect the results: {}\n",
        plan.name(),
        counted(plan.tasks(), "task"),
        counted(parts, "part"),
        collect(args)
    )
}

fn slurm(args: &NewSweep, plan: &Plan, parts: u64) -> String {
    let name = plan.name();
    format!(
        "#!/bin/bash\n{}#SBATCH --job-name={name}\n#SBATCH --array=0-{}\n#SBATCH --cpus-per-task={}\n\
         #SBATCH --mem-per-cpu=1G\n#SBATCH --time=04:00:00\n#SBATCH --output={name}.%A_%a.log\n#SBATCH --requeue\n\
         # A minute before the time is up the command saves what it did.\n#SBATCH --signal=B:TERM@60\n\n\
         # The part is that of SLURM_ARRAY_TASK_ID.\n{}\n",
        head(args, plan, parts),
        parts - 1,
        args.jobs,
        command(args, parts),
    )
}

fn pbs(args: &NewSweep, plan: &Plan, parts: u64) -> String {
    // An array of one is refused by PBS.
    let (array, task) = match parts {
        1 => (String::new(), " --task 0"),
        _ => (format!("#PBS -J 0-{}\n", parts - 1), ""),
    };
    let name: String = plan.name().chars().take(15).collect();
    format!(
        "#!/bin/bash\n{}#PBS -N {name}\n{array}#PBS -l select=1:ncpus={jobs}:mem={jobs}gb\n#PBS -l walltime=04:00:00\n#PBS -r y\n\n\
         cd \"$PBS_O_WORKDIR\"\n# The part is that of PBS_ARRAY_INDEX (of PBS_ARRAYID in Torque, whose arrays are `#PBS -t`).\n{}{task}\n",
        head(args, plan, parts),
        command(args, parts),
        jobs = args.jobs,
    )
}

fn kubernetes(args: &NewSweep, plan: &Plan, parts: u64) -> String {
    // Names of objects: lower case, digits and '-'.
    let name: String = plan
        .name()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(50)
        .collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "sweep" } else { name };
    let yaml = |text: &str| serde_json::Value::from(text).to_string();
    let words =
        ["sorn", "sweep", &args.file.display().to_string(), "--out", &args.out.display().to_string(), "--of"]
            .map(yaml)
            .join(", ");
    format!(
        "{}apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {}\nspec:\n  # The part is that of JOB_COMPLETION_INDEX.\n\
         \x20 completionMode: Indexed\n  completions: {parts}\n  parallelism: {}\n  backoffLimitPerIndex: 3\n  template:\n    spec:\n      \
         restartPolicy: Never\n      # After SIGTERM the command saves what it did.\n      terminationGracePeriodSeconds: 60\n      \
         containers:\n        - name: sorn\n          image: {}\n          command: [{words}, \"{parts}\", \"--jobs\", \"{jobs}\", \
         \"--quiet\"]\n          workingDir: /work\n          resources:\n            requests: {{ cpu: \"{jobs}\", memory: \
         \"{jobs}Gi\" }}\n          volumeMounts:\n            - {{ name: work, mountPath: /work }}\n      volumes:\n        - name: \
         work\n          persistentVolumeClaim: {{ claimName: {} }}\n",
        head(args, plan, parts),
        yaml(name),
        parts.min(100),
        yaml(&args.image),
        yaml(&args.volume),
        jobs = args.jobs,
    )
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+,=:@".contains(c);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_shells() {
        let quoted = |text: &str| quoted(Path::new(text));
        assert_eq!(quoted("experiments/a.toml"), "experiments/a.toml");
        assert_eq!(quoted("my file.toml"), "'my file.toml'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
    }
}
