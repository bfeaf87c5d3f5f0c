//! A project as it stood in a git revision: its files, written to a folder of our own that goes away with it.
//!
//! Asks git, and touches neither the work tree nor the index. Compiles nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::exit::Stop;
use super::own_folder::OwnFolder;
use crate::diag::{Phrase, did_you_mean};
use crate::project;
use crate::value::Date;

/// A file larger than this holds data, not campaigns or messages; campaigns have their own limit.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// All files of a revision together.
const TOTAL_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Branches and tags among which a misspelt revision is looked for.
const NAMES_MAX: &str = "--count=2000";
const WHAT_GIT_SAYS_MAX: usize = 200;

/// The files of a revision; the folder is removed when this is dropped.
#[derive(Debug)]
pub struct Checkout {
    pub folder: OwnFolder,
    /// Where the files would be looked for: `main:campaigns`.
    pub name: String,
    root: PathBuf,
    /// All files of the project in the revision, written out or not.
    blobs: Vec<Blob>,
}

impl Checkout {
    /// Writes out further files, where the revision has them; paths as authors write them.
    pub fn add(&self, paths: &[String]) -> Result<(), Stop> {
        let plain = |path: &str| -> PathBuf {
            Path::new(path).components().filter(|part| *part != Component::CurDir).collect()
        };
        let wanted: Vec<PathBuf> = paths.iter().map(|path| plain(path)).collect();
        self.write(&|path| wanted.iter().any(|other| other == path))
    }

    fn write(&self, is_wanted: &dyn Fn(&Path) -> bool) -> Result<(), Stop> {
        let wanted: Vec<&Blob> = self.blobs.iter().filter(|blob| is_wanted(&blob.path)).collect();
        if wanted.iter().map(|blob| blob.size).sum::<u64>() > TOTAL_BYTES_MAX {
            return Err(unreadable("they are too large together"));
        }
        Git { root: &self.root }.write(&wanted, &self.folder)
    }
}

/// The campaigns and settings of the project at `root` as they stood in `revision`; other files can be added.
pub fn checkout(root: &Path, revision: &str) -> Result<Checkout, Stop> {
    let git = Git { root };
    let prefix = git.prefix()?;
    let commit = git.commit(revision)?;
    let inside = prefix.trim_end_matches('/');
    let files = git.files(&format!("{commit}:{inside}")).ok_or_else(|| not_in(revision, inside))?;
    if !files.iter().any(|file| file.path == Path::new(project::CONFIG_FILE)) {
        return Err(not_in(revision, inside));
    }
    let separator = if inside.is_empty() { "" } else { "/" };
    let name = format!("{revision}:{inside}{separator}");
    let folder = OwnFolder::new().map_err(|error| unreadable(&error.to_string()))?;
    let checkout = Checkout { folder, name, root: root.to_path_buf(), blobs: files };
    checkout.write(&|path| path == Path::new(project::CONFIG_FILE) || path.extension().is_some_and(|e| e == "tabi"))?;
    Ok(checkout)
}

/// The day on which each file was last changed by a commit; files of which git knows nothing, and everything where there
/// is no git, are left out.
pub fn last_changes(root: &Path, files: &BTreeSet<String>) -> BTreeMap<String, Date> {
    let git = Git { root };
    let day = |file: &String| {
        // Paths are as people see them from here; git is asked from the project's folder.
        let from_anywhere = std::path::absolute(file).ok()?;
        let output = git
            .run(&["log", "-1", "--format=%cs", "--", from_anywhere.to_str()?])
            .ok()
            .filter(|out| out.status.success())?;
        Some((file.clone(), Date::parse(String::from_utf8_lossy(&output.stdout).trim())?))
    };
    files.iter().filter_map(day).collect()
}

struct Git<'a> {
    root: &'a Path,
}

/// A file of a revision.
#[derive(Debug)]
struct Blob {
    id: String,
    path: PathBuf,
    /// In bytes.
    size: u64,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(self.root).args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
        // No questions, no locks, nothing fetched, and messages we can read.
        for (name, value) in
            [("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("LC_ALL", "C")]
        {
            command.env(name, value);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Stop> {
        self.command(arguments).output().map_err(|error| no_git(&error))
    }

    /// The project's folder within the repository; ends in `/` unless it is the top.
    fn prefix(&self) -> Result<String, Stop> {
        let output = self.run(&["rev-parse", "--show-prefix"])?;
        if !output.status.success() {
            return Err(not_a_repository(self.root, &said(&output)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_string())
    }

    fn commit(&self, revision: &str) -> Result<String, Stop> {
        // No name of a revision begins with a hyphen: such a one would be an option, here or further on.
        if revision.is_empty() || revision.starts_with('-') || revision.contains(['\0', '\n']) {
            return Err(self.unknown(revision));
        }
        let output =
            self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_string();
        let is_id = !commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit());
        if output.status.success() && is_id { Ok(commit) } else { Err(self.unknown(revision)) }
    }

    /// The files under a tree; `None` if there is no such tree.
    fn files(&self, tree: &str) -> Option<Vec<Blob>> {
        let output = self.run(&["ls-tree", "-r", "-z", "-l", "--full-tree", tree]).ok()?;
        let listed = String::from_utf8_lossy(&output.stdout);
        output.status.success().then(|| listed.split('\0').filter_map(blob).collect())
    }

    /// Writes the files below a folder of ours.
    fn write(&self, files: &[&Blob], folder: &Path) -> Result<(), Stop> {
        if files.is_empty() {
            return Ok(());
        }
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| no_git(&error))?;
        let (Some(mut asking), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(unreadable("no pipe"));
        };
        let asked: String = files.iter().map(|file| format!("{}\n", file.id)).collect();
        let written = std::thread::scope(|scope| {
            scope.spawn(move || {
                // Whoever stops reading has said why.
                let _ = asking.write_all(asked.as_bytes());
            });
            let mut answers = BufReader::new(answers);
            files.iter().try_for_each(|file| write_one(&mut answers, file, folder))
        });
        let ended = child.wait();
        written.map_err(|why| unreadable(&why))?;
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(unreadable(&status.to_string())),
            Err(error) => Err(unreadable(&error.to_string())),
        }
    }

    fn unknown(&self, revision: &str) -> Stop {
        let names = self.run(&[
            "for-each-ref",
            "--format=%(refname:short)",
            NAMES_MAX,
            "refs/heads",
            "refs/tags",
            "refs/remotes",
        ]);
        let names = names.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let help = match did_you_mean(revision, names.lines()) {
            Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
            None => Phrase::new(
                "give a branch, a tag, a commit (`main`, `v1`, `HEAD~1`), or the folder of another version",
                "ブランチ・タグ・コミット (`main`・`v1`・`HEAD~1`) か、別の版のフォルダーを指定する",
            ),
        };
        Stop::Usage {
            what: Phrase::new(
                format!("`{revision}` is neither a revision of this repository nor a folder"),
                format!("`{revision}` はこのリポジトリの版でもフォルダーでもありません"),
            ),
            help,
        }
    }
}

/// A line of `ls-tree -l`: mode, type, id, size, a tab, the path. Links and submodules are left out, as are large files
/// and paths that would lead out of the folder.
fn blob(line: &str) -> Option<Blob> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, id, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let path = PathBuf::from(path);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let size = size.parse::<u64>().ok().filter(|size| *size <= FILE_BYTES_MAX)?;
    (kind == "blob" && mode.starts_with("100") && plain).then(|| Blob { id: id.to_string(), path, size })
}

fn write_one(answers: &mut impl BufRead, file: &Blob, folder: &Path) -> Result<(), String> {
    let mut head = String::new();
    answers.read_line(&mut head).map_err(|error| error.to_string())?;
    let size: u64 = head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or(head.clone())?;
    if size != file.size {
        return Err(format!("{} is not as large as it was said to be", file.path.display()));
    }
    let mut bytes = Vec::new();
    answers.take(size + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    bytes.pop();
    let path = folder.join(&file.path);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
    made.map_err(|error| format!("{}: {error}", path.display()))
}

/// The first line of what git complained about.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().next().unwrap_or_default().chars().take(WHAT_GIT_SAYS_MAX).collect()
}

fn no_git(error: &std::io::Error) -> Stop {
    Stop::Usage {
        what: Phrase::new(
            format!("git cannot be started: {error}"),
            format!("git を起動できません: {}", Phrase::of_io(error).ja),
        ),
        help: Phrase::new(
            "install git, or give the folder of the other version instead of a revision",
            "git を入れるか、版の代わりにフォルダーを指定する",
        ),
    }
}

fn not_a_repository(root: &Path, why: &str) -> Stop {
    let root = root.display();
    Stop::Usage {
        what: Phrase::new(
            format!("`{root}` is not in a git repository that can be read: {why}"),
            format!("`{root}` は読み取れる git リポジトリの中にありません: {why}"),
        ),
        help: Phrase::new(
            "give the folder of the other version instead of a revision",
            "版の代わりに、比べる版のフォルダーを指定する",
        ),
    }
}

fn not_in(revision: &str, inside: &str) -> Stop {
    let folder = if inside.is_empty() { "." } else { inside };
    Stop::Usage {
        what: Phrase::new(
            format!("there is no project in `{folder}` at `{revision}`"),
            format!("`{revision}` の `{folder}` にプロジェクトがありません"),
        ),
        help: Phrase::new(
            "give a later revision, in which the folder holds a `tabi.yaml`",
            "そのフォルダーに `tabi.yaml` がある、より新しい版を指定する",
        ),
    }
}

fn unreadable(why: &str) -> Stop {
    Stop::Wrong {
        what: Phrase::new(
            format!("the files of the revision cannot be read: {why}"),
            format!("その版のファイルを読めません: {why}"),
        ),
        help: Phrase::new(
            "see that the repository is complete (`git fsck`) and that there is room for temporary files",
            "リポジトリが壊れていないか (`git fsck`)、一時ファイルの空きがあるかを確かめる",
        ),
    }
}
