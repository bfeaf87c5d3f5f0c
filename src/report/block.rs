//! A report as blocks that a terminal and a page of HTML can both show.
//!
//! Holds words already chosen for a language; lays nothing out.

#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub title: String,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// What the figures mean, or why there are none.
    Note(String),
    /// Name and figure.
    Facts(Vec<(String, String)>),
    Table(Table),
    Bars(Bars),
    Heat(Heat),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub title: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// So many columns from the left hold words; the others figures, which stand at the right.
    pub words: usize,
}

/// Lengths side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    pub title: String,
    /// What a bar of the whole width stands for; absent: the longest.
    pub whole: Option<f64>,
    pub bars: Vec<Bar>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: String,
    /// Not negative.
    pub length: f64,
    pub shown: String,
}

impl Bars {
    /// The share of the whole width, from 0 to 1.
    pub fn share(&self, bar: &Bar) -> f64 {
        let longest = || self.bars.iter().map(|bar| bar.length).fold(0.0, f64::max);
        let whole = self.whole.unwrap_or_else(longest);
        if whole > 0.0 { (bar.length / whole).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// A grid whose colours say how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    pub title: String,
    /// What rows and columns are.
    pub corner: String,
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<Spot>)>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spot {
    /// 0 to 1.
    pub depth: f64,
    pub shown: String,
}
