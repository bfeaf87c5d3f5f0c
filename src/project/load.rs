//! Finding a project and reading its files, within limits.
//!
//! What cannot be read becomes a diagnostic that says what to do; nothing here stops at the first trouble.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Project, Settings, settings};
use crate::diag::{Code, Diagnostic, Phrase};
use crate::text::{Source, SourceId, Sources, Span};

/// The file that makes a folder a project.
pub const CONFIG_FILE: &str = "tabi.yaml";
/// Ending of campaign files, without the dot.
const CAMPAIGN_EXTENSION: &str = "tabi";

/// A campaign file larger than this is a mistake (a data file renamed); a thousand journeys take less.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A larger `tabi.yaml` is a mistake, and deeply nested YAML takes time that grows with the square of its size.
const CONFIG_BYTES_MAX: u64 = 64 * 1024;
/// All campaign files together; places in texts are 32-bit numbers and every text is held in memory.
const PROJECT_BYTES_MAX: u64 = 256 * 1024 * 1024;
const FILES_MAX: usize = 20_000;
/// Folders within folders; more is a loop through mounts.
const FOLDER_DEPTH_MAX: usize = 32;

/// Reads the project that `start` belongs to: the nearest folder, from it upwards, that holds `tabi.yaml`.
pub fn load(start: &Path) -> Project {
    let mut project = Project {
        found: false,
        root: start.to_path_buf(),
        settings: Settings::default(),
        sources: Sources::default(),
        others: Vec::new(),
        diagnostics: Vec::new(),
    };
    match find_root(start) {
        Ok(root) => (project.found, project.root) = (true, root),
        Err(why) => {
            project.trouble(start, why);
            return project;
        }
    }
    read_campaigns(&mut project);
    read_config(&mut project);
    project
}

/// The folder of the project that `start` belongs to.
pub fn root(start: &Path) -> Option<PathBuf> {
    find_root(start).ok()
}

/// What stands in the way of reading something, and the remedy.
#[derive(Debug)]
pub struct Trouble {
    pub headline: Phrase,
    pub help: Phrase,
}

impl Trouble {
    fn new(en: String, ja: String, help_en: &str, help_ja: &str) -> Trouble {
        Trouble { headline: Phrase::new(en, ja), help: Phrase::new(help_en, help_ja) }
    }
}

impl Project {
    /// Notes that a file or folder cannot be read; its diagnostic points at the path.
    fn trouble(&mut self, path: &Path, why: Trouble) {
        let span = Span::new(self.next_id(), 0, 0);
        self.others.push(Source::other(shown(path), ""));
        let diagnostic = Diagnostic::new(Code::E0100, span, why.headline.en, why.headline.ja);
        self.diagnostics.push(diagnostic.help(why.help.en, why.help.ja));
    }
}

fn find_root(start: &Path) -> Result<PathBuf, Trouble> {
    if let Err(error) = fs::metadata(start) {
        return Err(not_there(start, &error));
    }
    let mut folder = if start.is_dir() {
        start.to_path_buf()
    } else {
        start.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
    };
    for _ in 0..FOLDER_DEPTH_MAX {
        if folder.join(CONFIG_FILE).exists() {
            return Ok(folder);
        }
        let at_top = fs::canonicalize(&folder).is_ok_and(|full| full.parent().is_none());
        if at_top {
            break;
        }
        folder = up(&folder);
    }
    Err(Trouble::new(
        format!("no `{CONFIG_FILE}` in `{}` or in any folder above it", shown(start)),
        format!("`{}` にも、その上のフォルダーにも `{CONFIG_FILE}` がありません", shown(start)),
        "give the project's folder, or create a `tabi.yaml` with at least `name`, `timezone` and `currency`",
        "プロジェクトのフォルダーを指定するか、`name`・`timezone`・`currency` を書いた `tabi.yaml` を作る",
    ))
}

/// The folder above, kept as short as the person's own words allow.
fn up(folder: &Path) -> PathBuf {
    let text = folder.as_os_str();
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !folder.ends_with("..") => parent.to_path_buf(),
        Some(_) if text != "." && text != ".." && !folder.ends_with("..") => PathBuf::from("."),
        _ if text == "." || text.is_empty() => PathBuf::from(".."),
        _ => folder.join(".."),
    }
}

/// A path as people type it: no `./` in front.
pub(super) fn shown(path: &Path) -> String {
    let short = path.strip_prefix(".").unwrap_or(path);
    if short.as_os_str().is_empty() { ".".to_string() } else { short.to_string_lossy().into_owned() }
}

fn not_there(path: &Path, error: &io::Error) -> Trouble {
    let link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let path = shown(path);
    match error.kind() {
        io::ErrorKind::NotFound if link => Trouble::new(
            format!("`{path}` is a link to nothing"),
            format!("`{path}` のリンク先がありません"),
            "remove the link, or restore what it leads to",
            "リンクを消すか、リンク先を戻す",
        ),
        io::ErrorKind::NotFound => Trouble::new(
            format!("there is no `{path}`"),
            format!("`{path}` がありません"),
            "check the spelling, and the folder you are in",
            "つづりと、今いるフォルダーを確かめる",
        ),
        io::ErrorKind::PermissionDenied => Trouble::new(
            format!("`{path}` may not be read"),
            format!("`{path}` を読む権限がありません"),
            "give yourself permission to read it",
            "読み取り権限を付ける",
        ),
        _ => Trouble::new(
            format!("`{path}` cannot be read: {error}"),
            format!("`{path}` を読めません: {}", Phrase::of_io(&error).ja),
            "see that the disk and the path are in order",
            "ディスクとパスに異常がないか確かめる",
        ),
    }
}

/// Reads one text file within `limit` bytes.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String, Trouble> {
    let about = fs::metadata(path).map_err(|e| not_there(path, &e))?;
    let (size, name) = (about.len(), shown(path));
    // A pipe would be waited for, and a device read, without end.
    if !about.is_file() {
        return Err(Trouble::new(
            format!("`{name}` is not an ordinary file"),
            format!("`{name}` は通常のファイルではありません"),
            "put a text file in its place, or give it another name",
            "テキストファイルに置き換えるか、名前を変える",
        ));
    }
    if size > limit {
        return Err(Trouble::new(
            format!("`{name}` is too large: {} MB, at most {} MB", size >> 20, limit >> 20),
            format!("`{name}` が大きすぎます: {} MB (上限 {} MB)", size >> 20, limit >> 20),
            "is it a data file? then take it out of the project or give it another ending; else divide it",
            "データなら別の場所に移すか拡張子を変える。そうでなければ分割する",
        ));
    }
    let bytes = fs::read(path).map_err(|e| not_there(path, &e))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|b| **b == b'\n').count() + 1;
        Trouble::new(
            format!("`{name}` is not UTF-8 text (line {line})"),
            format!("`{name}` は UTF-8 のテキストではありません ({line} 行目)"),
            "save it as UTF-8; older Japanese files are often Shift_JIS",
            "UTF-8 で保存し直す (Shift_JIS のままになっていないか確かめる)",
        )
    })
}

/// The text of one campaign file, within limits.
pub fn read_campaign(path: &Path) -> Result<Source, Trouble> {
    read_text(path, FILE_BYTES_MAX).map(|text| Source::new(shown(path), text))
}

/// All campaign files under a folder, by path, and what stood in the way; a file stands for itself.
pub fn campaign_files(path: &Path) -> (Vec<PathBuf>, Vec<Trouble>) {
    match fs::metadata(path) {
        Err(error) => (Vec::new(), vec![not_there(path, &error)]),
        Ok(meta) if meta.is_file() => (vec![path.to_path_buf()], Vec::new()),
        Ok(_) => {
            let mut found = Found::default();
            walk(path, 0, &mut found);
            found.files.sort();
            (found.files, found.troubles.into_iter().map(|(_, why)| why).collect())
        }
    }
}

fn read_config(project: &mut Project) {
    let path = project.root.join(CONFIG_FILE);
    match read_text(&path, CONFIG_BYTES_MAX) {
        Err(why) => {
            project.settings.sender = settings::unknown_sender();
            project.trouble(&path, why);
        }
        Ok(text) => {
            let (settings, diagnostics) = settings::parse(&text, project.next_id());
            project.settings = settings;
            project.others.push(Source::other(shown(&path), text));
            project.diagnostics.extend(diagnostics);
        }
    }
}

fn read_campaigns(project: &mut Project) {
    let mut found = Found::default();
    walk(&project.root.clone(), 0, &mut found);
    found.files.sort();
    let mut read = Vec::new();
    let mut left = PROJECT_BYTES_MAX;
    for path in found.files {
        match read_text(&path, FILE_BYTES_MAX.min(left)) {
            Ok(text) => {
                left -= text.len() as u64;
                read.push(Source::new(shown(&path), text));
            }
            Err(why) => found.troubles.push((path, why)),
        }
    }
    // All campaigns first: the ids of other files follow theirs.
    for source in read {
        let _: SourceId = project.sources.add(source);
    }
    for (path, why) in found.troubles {
        project.trouble(&path, why);
    }
}

#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    troubles: Vec<(PathBuf, Trouble)>,
    /// Folders by their true path, so that a link back up is walked once.
    seen: BTreeSet<PathBuf>,
    /// The true path of the folder where it began.
    root: Option<PathBuf>,
}

/// Links are followed as long as they lead to folders under the one that `found` began with.
fn walk(folder: &Path, depth: usize, found: &mut Found) {
    let Ok(full) = fs::canonicalize(folder) else { return };
    let within = full.starts_with(found.root.get_or_insert_with(|| full.clone()));
    if !within || depth > FOLDER_DEPTH_MAX || !found.seen.insert(full) {
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return found.troubles.push((folder.to_path_buf(), not_there(folder, &error))),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if name != "target" {
                walk(&path, depth + 1, found);
            }
        } else if path.extension().is_some_and(|e| e == CAMPAIGN_EXTENSION) {
            if found.files.len() == FILES_MAX {
                return found.troubles.push((folder.to_path_buf(), too_many_files()));
            }
            found.files.push(path);
        }
    }
}

fn too_many_files() -> Trouble {
    Trouble::new(
        format!("more than {FILES_MAX} campaign files"),
        format!("キャンペーンのファイルが {FILES_MAX} 個を超えています"),
        "is this the project's folder? divide it into several projects if it is",
        "正しいフォルダーか確かめる。正しければプロジェクトを分ける",
    )
}
