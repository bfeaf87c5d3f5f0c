use tabi::{compile, diag, text};
fn walk(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
    let mut all: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    for p in all {
        if p.is_dir() {
            walk(&p, out)
        } else if p.extension().is_some_and(|e| e == "tabi") {
            out.push(p)
        }
    }
}
#[test]
fn scratch() {
    let dirs = std::env::var("DIRS").unwrap();
    for dir in dirs.split_whitespace() {
        let mut files = vec![];
        walk(dir.as_ref(), &mut files);
        let mut sources = text::Sources::default();
        for f in files {
            sources.add(text::Source::new(f.display().to_string(), std::fs::read_to_string(&f).unwrap()));
        }
        let t = std::time::Instant::now();
        let c = compile::compile(
            &sources,
            &compile::Settings { zone: tabi::value::Zone::from_name("Asia/Tokyo").unwrap(), ..Default::default() },
        );
        println!(
            "== {dir}: {} diagnostics, program {}, {} tests, {:?}",
            c.diagnostics.len(),
            c.program.is_some(),
            c.timelines.len(),
            t.elapsed()
        );
        for d in c.diagnostics.iter().take(40) {
            let s = sources.get(d.primary.span.source);
            let (l, col) = s.line_column(d.primary.span.start);
            println!("{} {}:{l}:{col} {}\n      {}", d.code.name(), s.path, d.headline.en, s.line(l).trim());
            if let Some(h) = &d.help {
                println!("      help: {}", h.get(diag::Language::English));
            }
        }
    }
}
