//! Edges as smooth lines: from border to border, bending only along the direction of reading.
//!
//! Draws the line only; arrow heads and labels are the page's.

use super::layout::{Direction, Point, Size};

/// A number as SVG takes it: one digit after the point, none if it is zero.
pub fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.abs() / 10, tenths.abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}

/// The ends of an edge: the nodes' centres and sizes.
pub struct Ends {
    pub from: (Point, Size),
    pub to: (Point, Size),
}

/// Path data through the bends. Forward edges leave and arrive in the middle of a side; those that lead back keep the
/// library's own ends.
pub fn path(bends: &[Point], ends: &Ends, direction: Direction) -> String {
    let points = anchored(bends, ends, direction);
    let Some(first) = points.first() else { return String::new() };
    let mut data = format!("M{},{}", number(first.x), number(first.y));
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (c, d) = match direction {
            Direction::Down => {
                let middle = (a.y + b.y) / 2.0;
                (Point { x: a.x, y: middle }, Point { x: b.x, y: middle })
            }
            Direction::Right => {
                let middle = (a.x + b.x) / 2.0;
                (Point { x: middle, y: a.y }, Point { x: middle, y: b.y })
            }
        };
        let numbers = [c, d, b].map(|p| format!("{},{}", number(p.x), number(p.y)));
        data.push_str(&format!("C{}", numbers.join(" ")));
    }
    data
}

fn anchored(bends: &[Point], ends: &Ends, direction: Direction) -> Vec<Point> {
    let mut points = bends.to_vec();
    let ((from, out), (to, inward)) = (ends.from, ends.to);
    let (leave, arrive, forward) = match direction {
        Direction::Down => (
            Point { x: from.x, y: from.y + out.height / 2.0 },
            Point { x: to.x, y: to.y - inward.height / 2.0 },
            to.y > from.y,
        ),
        Direction::Right => (
            Point { x: from.x + out.width / 2.0, y: from.y },
            Point { x: to.x - inward.width / 2.0, y: to.y },
            to.x > from.x,
        ),
    };
    if forward && points.len() >= 2 {
        let last = points.len() - 1;
        points[0] = leave;
        points[last] = arrive;
    }
    points
}
