//! The lowest point of a function of a few numbers, by the simplex of Nelder and Mead (1965).
//!
//! Needs no derivatives and draws no chance: the same function and start give the same point.

/// Steps over all restarts; four parameters come to rest after a few hundred.
const STEPS_MAX: u32 = 4_000;
/// A fresh simplex is set up at the point found so long as that gains anything.
const RESTARTS_MAX: u32 = 20;
/// The simplex is at rest when its points differ by no more than this, and so do the values there, as a share.
const REST: f64 = 1e-9;
const REST_OF_VALUE: f64 = 1e-13;

#[derive(Debug, Clone, PartialEq)]
pub struct Found<const N: usize> {
    pub at: [f64; N],
    pub value: f64,
}

/// Within ±`edge` on every axis: a search that leads beyond ends there. `None` when it comes to no rest, or the function is
/// finite nowhere around the start.
pub fn lowest<const N: usize>(
    function: &mut dyn FnMut(&[f64; N]) -> f64,
    start: [f64; N],
    edge: f64,
) -> Option<Found<N>> {
    let mut steps = 0;
    let mut best = descend(function, start, (0.5, edge), &mut steps)?;
    for _ in 0..RESTARTS_MAX {
        if beyond(&best.at, edge) {
            return Some(best);
        }
        let next = descend(function, best.at, (0.1, edge), &mut steps)?;
        let gained = best.value - next.value;
        let settled = gained <= REST_OF_VALUE * best.value.abs().max(1.0);
        if next.value <= best.value {
            best = next;
        }
        if settled {
            return Some(best);
        }
    }
    None
}

fn beyond<const N: usize>(point: &[f64; N], edge: f64) -> bool {
    point.iter().any(|p| p.abs() > edge)
}

fn descend<const N: usize>(
    function: &mut dyn FnMut(&[f64; N]) -> f64,
    start: [f64; N],
    (width, edge): (f64, f64),
    steps: &mut u32,
) -> Option<Found<N>> {
    let mut at = |point: [f64; N]| {
        let value = function(&point);
        Found { at: point, value: if value.is_nan() { f64::INFINITY } else { value } }
    };
    let mut simplex = vec![at(start)];
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += width;
        simplex.push(at(corner));
    }
    loop {
        simplex.sort_by(|a, b| a.value.total_cmp(&b.value));
        let (first, worst, second) = (&simplex[0], &simplex[N], &simplex[N - 1]);
        if !first.value.is_finite() {
            return None;
        }
        let wide = simplex.iter().flat_map(|p| (0..N).map(|i| (p.at[i] - first.at[i]).abs())).fold(0.0, f64::max);
        if wide <= REST && worst.value - first.value <= REST_OF_VALUE * first.value.abs().max(1.0) {
            return Some(first.clone());
        }
        if beyond(&first.at, edge) {
            return Some(first.clone());
        }
        *steps += 1;
        if *steps > STEPS_MAX {
            return None;
        }
        let mut centre = [0.0; N];
        for (axis, middle) in centre.iter_mut().enumerate() {
            *middle = simplex[..N].iter().map(|p| p.at[axis]).sum::<f64>() / N as f64;
        }
        let along = |factor: f64| {
            let mut point = centre;
            point.iter_mut().zip(worst.at).for_each(|(c, w)| *c += factor * (*c - w));
            point
        };
        let reflected = at(along(1.0));
        let next = if reflected.value < first.value {
            let expanded = at(along(2.0));
            if expanded.value < reflected.value { Some(expanded) } else { Some(reflected) }
        } else if reflected.value < second.value {
            Some(reflected)
        } else {
            let (contracted, bar) = if reflected.value < worst.value {
                (at(along(0.5)), reflected.value)
            } else {
                (at(along(-0.5)), worst.value)
            };
            (contracted.value < bar).then_some(contracted)
        };
        match next {
            Some(point) => simplex[N] = point,
            None => {
                let first = simplex[0].at;
                for corner in &mut simplex[1..] {
                    let mut point = corner.at;
                    point.iter_mut().zip(first).for_each(|(p, f)| *p = f + 0.5 * (*p - f));
                    *corner = at(point);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_is_followed_to_its_end() {
        let mut valley = |p: &[f64; 2]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let found = lowest(&mut valley, [-1.2, 1.0], 10.0).expect("it has a lowest point");
        assert!((found.at[0] - 1.0).abs() < 1e-6 && (found.at[1] - 1.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn what_is_finite_nowhere_or_has_no_bottom_is_not_found() {
        assert_eq!(lowest(&mut |_: &[f64; 2]| f64::NAN, [0.0, 0.0], 10.0), None);
        let bottomless = lowest(&mut |p: &[f64; 1]| -p[0], [1.0], 10.0).expect("it ends at the edge");
        assert!(bottomless.at[0] > 10.0, "{bottomless:?}");
    }
}
