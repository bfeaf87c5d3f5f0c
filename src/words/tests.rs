//! Words of expressions and rules, in both languages.

use super::*;
use crate::value::CalendarPeriod;

#[test]
fn durations_are_written_in_both_languages() {
    let table =
        [("3d", "3 days", "3日"), ("90m", "1 hour 30 min", "1時間30分"), ("14mo", "1 year 2 months", "1年2か月")];
    for (written, en, ja) in table {
        let parsed = CalendarPeriod::parse(written).expect(written);
        assert_eq!(Both::of(|language| period(parsed, language)), Both::new(en, ja));
    }
    assert_eq!(period(CalendarPeriod::default(), Language::Japanese), "0分");
}

#[test]
fn long_texts_are_cut_between_characters() {
    assert_eq!(clip("旅の支度", 2), "旅の…");
    assert_eq!(clip("旅", 2), "旅");
}
