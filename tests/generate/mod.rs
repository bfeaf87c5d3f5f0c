//! Random well-typed projects as source text, and the chance they are drawn with.
//!
//! Runs nothing. The same seed gives the same text on every machine.

use std::fmt::Write;

/// A published generator of 64 bits (splitmix64).
#[derive(Debug, Clone)]
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number in `0..below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.next() % below
    }
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    pub fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// What every project stands in.
pub const WORLD: &str = r#"
profile {
  given_name: text?    pii
  email:      email?   pii
  line_user:  line_id? pii
  phone:      phone?   pii
  timezone:   zone?
  points:     int
  birthday:   date?    pii
  tags:       list of text
}

event cart about profile { key: id, total: int, due: instant?, note: text? }
event purchase about profile { key: id, total: int }
event visit about profile { page: text }
event restock about item { key: id, total: int }

message mail on email for marketing from "messages/mail.mjml" takes { name: text }
message letter on email for transactional from "messages/letter.mjml" patience 30m takes { name: text }
message note on line for marketing from "messages/note.line.json" patience 10m takes { name: text }
message text on sms for marketing from "messages/text.sms.yaml" takes { name: text }
message crm on webhook for transactional takes { name: text }

action coupon.issue patience 20m takes { key: text } gives { code: text, ends: date }
action desk.call takes { key: text }

segment regulars = count of purchase in last 30d >= 2
segment rich = profile.points >= 50
"#;

/// The world without a zone of the person's own: then only the policies' clocks can change.
fn world(draw: &mut Draw) -> String {
    match draw.one_in(3) {
        true => WORLD.replace("  timezone:   zone?\n", ""),
        false => WORLD.to_owned(),
    }
}

pub const ZONES: [&str; 7] = [
    "Asia/Tokyo",
    "America/New_York",
    "Australia/Lord_Howe",
    "Europe/London",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "UTC",
];

/// A project's text, in one file.
pub fn project(seed: u64) -> String {
    let mut draw = Draw(seed);
    let mut text = world(&mut draw);
    let policies = 1 + draw.below(3);
    for i in 0..policies {
        text += &policy(&mut draw, i);
    }
    for i in 0..1 + draw.below(3) {
        let policy = draw.below(policies);
        text += &Writer { draw: &mut draw, text: String::new(), names: 0, handles: Vec::new() }.journey(i, policy);
    }
    text
}

fn policy(draw: &mut Draw, i: u64) -> String {
    let mut text = format!("\npolicy p{i} {{\n  timezone {}\n", draw.pick(&ZONES));
    for _ in 0..draw.below(3) {
        let from = draw.below(24);
        let to = (from + 1 + draw.below(23)) % 24;
        let (half, overflow) = (draw.pick(&["00", "30"]), draw.pick(&["hold", "hold", "drop"]));
        let _ = writeln!(text, "  quiet {from:02}:{half}..{to:02}:00 then {overflow}");
    }
    for _ in 0..draw.below(3) {
        let (count, what) = (1 + draw.below(4), draw.pick(&["messages", "messages", "line", "email"]));
        let window = draw.pick(&["1d", "2d", "7d", "24h", "6h", "1mo"]);
        let hold = if draw.one_in(3) { " then hold" } else { "" };
        let what = if *what == "messages" && count == 1 { "message" } else { what };
        let _ = writeln!(text, "  cap {count} {what} per {window}{hold}");
    }
    text += "  consent marketing\n";
    if draw.one_in(4) {
        text += "  withhold marketing when profile.points >= 90\n";
    }
    text += "}\n";
    text
}

struct Writer<'d> {
    draw: &'d mut Draw,
    text: String,
    names: u64,
    handles: Vec<String>,
}

impl Writer<'_> {
    fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }
    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{:1$}{line}", "", depth * 2);
    }
    fn length(&mut self) -> String {
        let (n, unit) = (1 + self.draw.below(4), *self.draw.pick(&["h", "d", "d", "m", "h", "w", "mo"]));
        match self.draw.below(8) {
            0 => format!("{n}d{}h", 1 + self.draw.below(20)),
            1 => format!("{}h", 20 + self.draw.below(30)),
            _ if unit == "mo" => "1mo".to_owned(),
            _ => format!("{n}{unit}"),
        }
    }
    fn time(&mut self) -> String {
        format!("{:02}:{}", self.draw.below(24), self.draw.pick(&["00", "30"]))
    }

    fn journey(mut self, i: u64, policy: u64) -> String {
        let _ = writeln!(self.text, "\njourney j{i} {{\n  purpose convert\n  owner \"@crm\"\n  under policy p{policy}");
        self.line(1, "goal purchase within 5d");
        self.line(1, "review every 3mo by \"@crm\"");
        let reentry = match self.draw.below(4) {
            0 => "reentry never".to_owned(),
            1 => "reentry always".to_owned(),
            _ => format!("reentry after {}", self.length()),
        };
        self.line(1, &reentry);
        if self.draw.one_in(6) {
            self.line(1, &format!("holdout 30% as control_{i}"));
        }
        if self.draw.one_in(3) {
            let priority = self.draw.below(5);
            self.line(1, &format!("priority {priority}"));
        }
        let on_cart = self.start();
        if self.draw.one_in(3) {
            self.line(1, "exit when purchase(total >= 80)");
        }
        let steps = 2 + self.draw.below(5);
        self.block(1, steps, on_cart, 1);
        self.text += "}\n";
        self.text
    }

    /// Whether the run keeps a cart as `it`.
    fn start(&mut self) -> bool {
        let settled = if self.draw.one_in(3) { format!(" settled for {}", self.length()) } else { String::new() };
        let (line, on_cart) = match self.draw.below(8) {
            0 => (format!("start every day at {} local for everyone", self.time()), false),
            1 => (
                format!("start every week on monday, thursday at {} for everyone (profile.points >= 20)", self.time()),
                false,
            ),
            2 => ("start when profile enters rich".to_owned(), false),
            3 => ("start when profile leaves regulars".to_owned(), false),
            4 => (format!("start when cart as it per it.key{settled}"), true),
            5 => ("start when restock as it for everyone (profile.points >= 10)".to_owned(), false),
            6 => (format!("start when cart(due is set and due <= now + 5d) as it{settled}"), true),
            _ => (format!("start when cart(total >= 10) as it{settled}"), true),
        };
        self.line(1, &line);
        on_cart
    }

    fn block(&mut self, depth: usize, steps: u64, on_cart: bool, passes: u64) {
        let outside = self.handles.len();
        for _ in 0..steps {
            self.step(depth, on_cart, passes);
        }
        // What is named in a block is not known behind it on every way.
        self.handles.truncate(outside);
    }

    fn step(&mut self, depth: usize, on_cart: bool, passes: u64) {
        let inner = if depth >= 4 { 0 } else { 1 + self.draw.below(2) };
        match self.draw.below(if inner == 0 { 8 } else { 14 }) {
            0 => {
                let wait = format!("wait {}", self.length());
                self.line(depth, &wait);
            }
            1 => self.until(depth, on_cart),
            2..=4 => self.send(depth),
            5 => {
                let tag = self.draw.below(3);
                let line = match self.draw.below(4) {
                    0 => format!("untag \"t{tag}\""),
                    1 => format!("set profile.points = {}", self.draw.below(100)),
                    _ => format!("tag \"t{tag}\""),
                };
                self.line(depth, &line);
            }
            6 => {
                let name = self.name();
                let (days, at) = (1 + self.draw.below(5), self.time());
                self.line(depth, &format!("let keep_{name} = today + {days}d"));
                self.line(depth, &format!("wait until keep_{name} at {at}"));
            }
            7 => self.line(depth, "do desk.call with { key: \"k\" }"),
            8 => self.wait_for(depth, inner, on_cart, passes),
            9 => self.branch(depth, inner, on_cart, passes),
            10 => {
                let name = self.name();
                let per_run = if self.draw.one_in(2) { " per run" } else { "" };
                let salt = self.draw.below(1_000_000);
                self.line(depth, &format!("split s_{name}_{salt}{per_run} {{"));
                self.line(depth + 1, "60% a {");
                self.block(depth + 2, inner, on_cart, passes);
                self.line(depth + 1, "}");
                self.line(depth + 1, "40% b {");
                self.block(depth + 2, inner, on_cart, passes);
                self.line(depth + 1, "}");
                self.line(depth, "}");
            }
            11 => {
                let times = 1 + self.draw.below(if passes > 4 { 2 } else { 4 });
                self.line(depth, &format!("repeat up to {times} times {{"));
                self.block(depth + 1, inner, on_cart, passes * times);
                self.line(depth, "}");
            }
            12 => self.call(depth),
            _ => {
                self.line(depth, "if profile.points >= 70 {");
                self.block(depth + 1, inner, on_cart, passes);
                self.line(depth + 1, "stop because \"enough\"");
                self.line(depth, "}");
            }
        }
    }

    fn until(&mut self, depth: usize, on_cart: bool) {
        let at = self.time();
        let until = match self.draw.below(if on_cart { 6 } else { 4 }) {
            0 => format!("until {at}"),
            1 => format!("until tomorrow {at}"),
            2 => format!("until {} {at}", self.draw.pick(&["monday", "wednesday", "sunday"])),
            3 => format!("until today + {}d at {at}", 1 + self.draw.below(4)),
            4 => "until it.at + 2d".to_owned(),
            _ => "until it.due or else now".to_owned(),
        };
        self.line(depth, &format!("wait {until}"));
    }

    fn send(&mut self, depth: usize) {
        let name = *self.draw.pick(&["\"you\"", "profile.given_name or else \"you\""]);
        let before = match self.draw.below(5) {
            0 => " before now + 8h",
            _ => "",
        };
        let send = |draw: &mut Draw| {
            let what = draw.pick(&["email mail", "email letter", "line note", "line note", "sms text", "webhook crm"]);
            format!("send {what} with {{ name: {name} }}{before}")
        };
        let first = send(self.draw);
        match self.draw.below(5) {
            0 => {
                let handle = format!("h{}", self.name());
                // Only mail tells all that is asked of it below.
                self.line(depth, &format!("send email mail with {{ name: {name} }}{before} as {handle}"));
                self.handles.push(handle);
            }
            1 => self.line(depth, &first),
            2 => {
                self.line(depth, &first);
                self.line(depth + 1, "otherwise stop because \"unsent\"");
            }
            _ => {
                let (second, third) = (send(self.draw), send(self.draw));
                self.line(depth, &first);
                self.line(depth + 1, &format!("otherwise {second}"));
                if self.draw.one_in(2) {
                    self.line(depth + 1, &format!("otherwise {third}"));
                }
            }
        }
    }

    fn call(&mut self, depth: usize) {
        let name = self.name();
        self.line(depth, &format!("do coupon.issue with {{ key: \"k\" }} as gift_{name}"));
        self.line(depth + 1, "otherwise stop because \"no coupon\"");
        self.line(depth, &format!("send email letter with {{ name: gift_{name}.code }}"));
    }

    fn branch(&mut self, depth: usize, inner: u64, on_cart: bool, passes: u64) {
        let condition = match self.draw.below(4) {
            0 => "profile.email is set",
            1 => "count of visit in last 7d >= 2",
            2 => "profile in rich",
            _ => "tagged \"t0\"",
        };
        self.line(depth, &format!("if {condition} {{"));
        self.block(depth + 1, inner, on_cart, passes);
        if self.draw.one_in(2) {
            self.line(depth, "} else {");
            self.block(depth + 1, inner, on_cart, passes);
        }
        self.line(depth, "}");
    }

    fn wait_for(&mut self, depth: usize, inner: u64, on_cart: bool, passes: u64) {
        let length = self.length();
        let handle = self.handles.last().cloned();
        let what = match (self.draw.below(5), handle) {
            (0, _) => "approval by \"@lead\"".to_owned(),
            (1, Some(handle)) => format!("{handle}.{}", self.draw.pick(&["clicked", "delivered", "failed"])),
            (2, _) => "profile enters rich".to_owned(),
            (3, _) => format!("visit as seen_{}", self.name()),
            _ => "purchase(total >= 20)".to_owned(),
        };
        self.line(depth, &format!("wait up to {length} for {what} {{"));
        self.block(depth + 1, inner, on_cart, passes);
        self.line(depth, "}");
        self.line(depth + 1, "otherwise {");
        self.block(depth + 2, inner, on_cart, passes);
        self.line(depth + 1, "}");
    }
}
