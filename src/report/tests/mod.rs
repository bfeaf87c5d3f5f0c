//! Figures of made-up people that can be counted by hand, and how a report looks.
