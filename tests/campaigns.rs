use std::path::Path;
use tabi::{diag, project, syntax};
#[test]
fn parse_all() {
    let mut bad = 0;
    let mut roots = vec![Path::new("campaigns").to_path_buf()];
    roots.extend(std::fs::read_dir("examples").unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("tabi.yaml").exists()));
    for root in roots {
        let mut p = project::load(&root);
        let mut ds = p.diagnostics.clone();
        for (id, s) in p.sources.iter() { ds.extend(syntax::parse(id, &s.text).1); }
        bad += ds.len();
        let sources = p.all_sources();
        for d in &ds { println!("{}", diag::render::pretty(d, sources, diag::Language::English, false)); }
    }
    assert_eq!(bad, 0);
}
