//! What people call what the grammar knows, rule by rule.
//!
//! Decides nothing; only names things. No name of a grammar rule leaves this file.

use super::grammar::Rule;

/// What a rule is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A word or sign, as it is written.
    Word(&'static str),
    /// Something to be filled in: English, Japanese.
    Thing(&'static str, &'static str),
    /// Inner machinery; never told.
    Nothing,
}

/// Every rule of the grammar. Without a wildcard: a new rule must be given its words.
pub(super) fn meaning(rule: Rule) -> Meaning {
    match rule {
        Rule::enum_decl
        | Rule::record_decl
        | Rule::profile_decl
        | Rule::event_decl
        | Rule::message_decl
        | Rule::action_decl
        | Rule::policy_decl
        | Rule::segment_decl
        | Rule::moves_decl
        | Rule::journey_decl
        | Rule::test_decl => Meaning::Thing("a declaration", "宣言"),
        Rule::subject => Meaning::Thing("`profile` or a record", "`profile` またはレコード"),
        Rule::field_decl => Meaning::Thing("a field", "フィールド"),
        Rule::ty | Rule::list_of | Rule::money_type | Rule::one_of => Meaning::Thing("a type", "型"),
        Rule::currency_word | Rule::money | Rule::currency => {
            Meaning::Thing("money such as `3_000 JPY`", "`3_000 JPY` のような金額")
        }
        Rule::name_element | Rule::word | Rule::name => Meaning::Thing("a name", "名前"),
        Rule::message_head => Meaning::Thing("`NAME on CHANNEL for PURPOSE`", "`NAME on CHANNEL for PURPOSE`"),
        Rule::policy_rule
        | Rule::timezone_rule
        | Rule::quiet_rule
        | Rule::cap_rule
        | Rule::consent_rule
        | Rule::budget_rule
        | Rule::withhold_rule
        | Rule::nurture_rule => Meaning::Thing("a rule of a policy", "ポリシーの規則"),
        Rule::one_move => Meaning::Thing("a move", "移行"),
        Rule::purpose
        | Rule::owner
        | Rule::about
        | Rule::under
        | Rule::goal
        | Rule::review
        | Rule::reentry
        | Rule::holdout
        | Rule::priority
        | Rule::promise
        | Rule::stage
        | Rule::allow => Meaning::Thing("a header line", "ヘッダー行"),
        Rule::schedule | Rule::every_day | Rule::every_week | Rule::every_month | Rule::every_cron => {
            Meaning::Thing("a schedule such as `day at 09:00`", "`day at 09:00` のような予定")
        }
        Rule::pattern
        | Rule::on_segment
        | Rule::wait_arm
        | Rule::race_arm
        | Rule::approval
        | Rule::on_handle
        | Rule::chain_of_names => Meaning::Thing("an event", "イベント"),
        Rule::chain
        | Rule::step_word
        | Rule::leaf_word
        | Rule::send_step
        | Rule::do_step
        | Rule::wait_until
        | Rule::wait_for
        | Rule::wait_plain
        | Rule::if_step
        | Rule::choose
        | Rule::split_step
        | Rule::repeat
        | Rule::tag_step
        | Rule::untag_step
        | Rule::set_step
        | Rule::let_step
        | Rule::stop_step => Meaning::Thing("a step", "ステップ"),
        Rule::until_time | Rule::until_tomorrow | Rule::until_weekday | Rule::until_moment => {
            Meaning::Thing("a moment", "時点")
        }
        Rule::share | Rule::percent => Meaning::Thing("a share such as `50%`", "`50%` のような割合"),
        Rule::clock
        | Rule::given_profile
        | Rule::given_history
        | Rule::past_event
        | Rule::pin
        | Rule::answer
        | Rule::test_at
        | Rule::test_set
        | Rule::report
        | Rule::report_verb
        | Rule::test_event => Meaning::Thing("a line of a test", "テストの行"),
        Rule::sent
        | Rule::never_sent
        | Rule::held_by
        | Rule::held_out
        | Rule::dropped_by
        | Rule::waiting
        | Rule::entered
        | Rule::exited
        | Rule::tagged
        | Rule::did_action
        | Rule::goal_reached
        | Rule::that => Meaning::Thing("an expectation", "期待"),
        Rule::expr
        | Rule::form_word
        | Rule::paren
        | Rule::list
        | Rule::did
        | Rule::count
        | Rule::aggregate
        | Rule::quantifier
        | Rule::nth
        | Rule::split_value
        | Rule::next_anniversary
        | Rule::since
        | Rule::plain_operand
        | Rule::tagged_form
        | Rule::truth => Meaning::Thing("a value or condition", "値または条件"),
        Rule::op_equal
        | Rule::op_not_equal
        | Rule::op_less_equal
        | Rule::op_greater_equal
        | Rule::op_less
        | Rule::op_greater
        | Rule::op_or_else
        | Rule::op_or
        | Rule::op_and
        | Rule::op_not_in
        | Rule::op_in
        | Rule::op_add
        | Rule::op_subtract
        | Rule::op_multiply
        | Rule::op_divide
        | Rule::is_set
        | Rule::is_missing => Meaning::Thing("an operator", "演算子"),
        Rule::moment | Rule::date => Meaning::Thing("a date", "日付"),
        Rule::time => Meaning::Thing("a time such as `09:00`", "`09:00` のような時刻"),
        Rule::duration => Meaning::Thing("a duration such as `3d`", "`3d` のような期間"),
        Rule::number => Meaning::Thing("a number", "数"),
        Rule::zone | Rule::moment_zone => {
            Meaning::Thing("a time zone such as `Asia/Tokyo`", "`Asia/Tokyo` のようなタイムゾーン")
        }
        Rule::string => Meaning::Thing("a text in double quotes", "二重引用符の文字列"),
        Rule::dotted => Meaning::Thing("the name of an action", "アクション名"),
        Rule::EOI => Meaning::Thing("the end of the line", "行末"),
        Rule::comma => Meaning::Word(","),
        Rule::colon => Meaning::Word(":"),
        Rule::assign => Meaning::Word("="),
        Rule::open_brace
        | Rule::names_block
        | Rule::fields_block
        | Rule::policy_block
        | Rule::moves_block
        | Rule::journey_block
        | Rule::block
        | Rule::race
        | Rule::cases
        | Rule::split_arms
        | Rule::test_block
        | Rule::record => Meaning::Word("{"),
        Rule::close_brace => Meaning::Word("}"),
        Rule::open_paren | Rule::filter => Meaning::Word("("),
        Rule::close_paren => Meaning::Word(")"),
        Rule::open_bracket => Meaning::Word("["),
        Rule::close_bracket => Meaning::Word("]"),
        Rule::dot | Rule::field => Meaning::Word("."),
        Rule::pii | Rule::kw_pii => Meaning::Word("pii"),
        Rule::optional => Meaning::Word("?"),
        Rule::from_file | Rule::kw_from => Meaning::Word("from"),
        Rule::at_most_once => Meaning::Word("at most once"),
        Rule::patience | Rule::kw_patience => Meaning::Word("patience"),
        Rule::offers | Rule::kw_offers => Meaning::Word("offers"),
        Rule::class | Rule::kw_class => Meaning::Word("class"),
        Rule::idempotent | Rule::kw_idempotent => Meaning::Word("idempotent"),
        Rule::grants | Rule::kw_grants => Meaning::Word("grants"),
        Rule::undo | Rule::kw_undo => Meaning::Word("undo"),
        Rule::writes | Rule::kw_writes => Meaning::Word("writes"),
        Rule::kw_allow => Meaning::Word("allow"),
        Rule::kw_least => Meaning::Word("least"),
        Rule::kw_nurture => Meaning::Word("nurture"),
        Rule::kw_stage => Meaning::Word("stage"),
        Rule::takes | Rule::kw_takes => Meaning::Word("takes"),
        Rule::gives | Rule::kw_gives => Meaning::Word("gives"),
        Rule::overflow | Rule::kw_then => Meaning::Word("then"),
        Rule::range_dots => Meaning::Word(".."),
        Rule::start_segment | Rule::start_event | Rule::start_every | Rule::start_at | Rule::kw_start => {
            Meaning::Word("start")
        }
        Rule::including_members => Meaning::Word("including members"),
        Rule::per_key | Rule::kw_per => Meaning::Word("per"),
        Rule::settled => Meaning::Word("settled for"),
        Rule::audience => Meaning::Word("for everyone"),
        Rule::exit => Meaning::Word("exit when"),
        Rule::only_if => Meaning::Word("only if"),
        Rule::otherwise | Rule::wait_otherwise | Rule::kw_otherwise => Meaning::Word("otherwise"),
        Rule::with | Rule::kw_with => Meaning::Word("with"),
        Rule::before | Rule::kw_before => Meaning::Word("before"),
        Rule::bind | Rule::kw_as => Meaning::Word("as"),
        Rule::up_to => Meaning::Word("up to"),
        Rule::else_if => Meaning::Word("else if"),
        Rule::else_part | Rule::case_else | Rule::kw_else => Meaning::Word("else"),
        Rule::per_run => Meaning::Word("per run"),
        Rule::missing | Rule::kw_missing => Meaning::Word("missing"),
        Rule::after => Meaning::Word("+"),
        Rule::approve | Rule::kw_approve => Meaning::Word("approve"),
        Rule::expect | Rule::kw_expect => Meaning::Word("expect"),
        Rule::negated | Rule::op_not | Rule::kw_not => Meaning::Word("not"),
        Rule::op_negate | Rule::ago => Meaning::Word("-"),
        Rule::window => Meaning::Word("in last"),
        Rule::kw_about => Meaning::Word("about"),
        Rule::kw_action => Meaning::Word("action"),
        Rule::kw_after => Meaning::Word("after"),
        Rule::kw_all => Meaning::Word("all"),
        Rule::kw_always => Meaning::Word("always"),
        Rule::kw_anniversary => Meaning::Word("anniversary"),
        Rule::kw_answer => Meaning::Word("answer"),
        Rule::kw_any => Meaning::Word("any"),
        Rule::kw_approval => Meaning::Word("approval"),
        Rule::kw_at => Meaning::Word("at"),
        Rule::kw_average => Meaning::Word("average"),
        Rule::kw_because => Meaning::Word("because"),
        Rule::kw_budget => Meaning::Word("budget"),
        Rule::kw_by => Meaning::Word("by"),
        Rule::kw_cap => Meaning::Word("cap"),
        Rule::kw_choose => Meaning::Word("choose"),
        Rule::kw_clock => Meaning::Word("clock"),
        Rule::kw_consent => Meaning::Word("consent"),
        Rule::kw_count => Meaning::Word("count"),
        Rule::kw_cron => Meaning::Word("cron"),
        Rule::kw_day => Meaning::Word("day"),
        Rule::kw_days => Meaning::Word("days"),
        Rule::kw_deadline => Meaning::Word("deadline"),
        Rule::kw_did => Meaning::Word("did"),
        Rule::kw_do => Meaning::Word("do"),
        Rule::kw_drop => Meaning::Word("drop"),
        Rule::kw_dropped => Meaning::Word("dropped"),
        Rule::kw_ends => Meaning::Word("ends"),
        Rule::kw_entered => Meaning::Word("entered"),
        Rule::kw_enters => Meaning::Word("enters"),
        Rule::kw_enum => Meaning::Word("enum"),
        Rule::kw_event => Meaning::Word("event"),
        Rule::kw_every => Meaning::Word("every"),
        Rule::kw_everyone => Meaning::Word("everyone"),
        Rule::kw_exit => Meaning::Word("exit"),
        Rule::kw_exited => Meaning::Word("exited"),
        Rule::kw_fails => Meaning::Word("fails"),
        Rule::kw_first => Meaning::Word("first"),
        Rule::kw_for => Meaning::Word("for"),
        Rule::kw_given => Meaning::Word("given"),
        Rule::kw_goal => Meaning::Word("goal"),
        Rule::kw_held => Meaning::Word("held"),
        Rule::kw_history => Meaning::Word("history"),
        Rule::kw_hold => Meaning::Word("hold"),
        Rule::kw_holdout => Meaning::Word("holdout"),
        Rule::kw_if => Meaning::Word("if"),
        Rule::kw_in => Meaning::Word("in"),
        Rule::kw_including => Meaning::Word("including"),
        Rule::kw_is => Meaning::Word("is"),
        Rule::kw_journey => Meaning::Word("journey"),
        Rule::kw_keeping => Meaning::Word("keeping"),
        Rule::kw_last => Meaning::Word("last"),
        Rule::kw_leaves => Meaning::Word("leaves"),
        Rule::kw_let => Meaning::Word("let"),
        Rule::kw_list => Meaning::Word("list"),
        Rule::kw_members => Meaning::Word("members"),
        Rule::kw_message => Meaning::Word("message"),
        Rule::kw_money => Meaning::Word("money"),
        Rule::kw_month => Meaning::Word("month"),
        Rule::kw_months => Meaning::Word("months"),
        Rule::kw_most => Meaning::Word("most"),
        Rule::kw_moves => Meaning::Word("moves"),
        Rule::kw_never => Meaning::Word("never"),
        Rule::kw_next => Meaning::Word("next"),
        Rule::kw_none => Meaning::Word("none"),
        Rule::kw_of => Meaning::Word("of"),
        Rule::kw_on => Meaning::Word("on"),
        Rule::kw_once => Meaning::Word("once"),
        Rule::kw_one => Meaning::Word("one"),
        Rule::kw_only => Meaning::Word("only"),
        Rule::kw_out => Meaning::Word("out"),
        Rule::kw_owner => Meaning::Word("owner"),
        Rule::kw_pin => Meaning::Word("pin"),
        Rule::kw_policy => Meaning::Word("policy"),
        Rule::kw_priority => Meaning::Word("priority"),
        Rule::kw_profile => Meaning::Word("profile"),
        Rule::kw_promise => Meaning::Word("promise"),
        Rule::kw_purpose => Meaning::Word("purpose"),
        Rule::kw_quiet => Meaning::Word("quiet"),
        Rule::kw_reached => Meaning::Word("reached"),
        Rule::kw_record => Meaning::Word("record"),
        Rule::kw_reentry => Meaning::Word("reentry"),
        Rule::kw_refuse => Meaning::Word("refuse"),
        Rule::kw_repeat => Meaning::Word("repeat"),
        Rule::kw_restarting => Meaning::Word("restarting"),
        Rule::kw_review => Meaning::Word("review"),
        Rule::kw_run => Meaning::Word("run"),
        Rule::kw_segment => Meaning::Word("segment"),
        Rule::kw_send => Meaning::Word("send"),
        Rule::kw_sent => Meaning::Word("sent"),
        Rule::kw_set => Meaning::Word("set"),
        Rule::kw_settled => Meaning::Word("settled"),
        Rule::kw_since => Meaning::Word("since"),
        Rule::kw_split => Meaning::Word("split"),
        Rule::kw_stay => Meaning::Word("stay"),
        Rule::kw_stop => Meaning::Word("stop"),
        Rule::kw_sum => Meaning::Word("sum"),
        Rule::kw_tag => Meaning::Word("tag"),
        Rule::kw_tagged => Meaning::Word("tagged"),
        Rule::kw_target => Meaning::Word("target"),
        Rule::kw_test => Meaning::Word("test"),
        Rule::kw_that => Meaning::Word("that"),
        Rule::kw_times => Meaning::Word("times"),
        Rule::kw_timezone => Meaning::Word("timezone"),
        Rule::kw_to => Meaning::Word("to"),
        Rule::kw_tomorrow => Meaning::Word("tomorrow"),
        Rule::kw_under => Meaning::Word("under"),
        Rule::kw_untag => Meaning::Word("untag"),
        Rule::kw_until => Meaning::Word("until"),
        Rule::kw_up => Meaning::Word("up"),
        Rule::kw_wait => Meaning::Word("wait"),
        Rule::kw_waiting => Meaning::Word("waiting"),
        Rule::kw_week => Meaning::Word("week"),
        Rule::kw_when => Meaning::Word("when"),
        Rule::kw_withhold => Meaning::Word("withhold"),
        Rule::kw_within => Meaning::Word("within"),
        Rule::kw_years => Meaning::Word("years"),
        Rule::file
        | Rule::item
        | Rule::declaration
        | Rule::nl
        | Rule::eol
        | Rule::sep
        | Rule::name_item
        | Rule::field_line
        | Rule::missing_colon
        | Rule::missing_comma
        | Rule::field_rest
        | Rule::junk_field
        | Rule::bad_type
        | Rule::missing_comma_in_list
        | Rule::message_option
        | Rule::action_option
        | Rule::policy_line
        | Rule::move_line
        | Rule::journey_line
        | Rule::header
        | Rule::start
        | Rule::schedule_kind
        | Rule::bad_paren
        | Rule::step_line
        | Rule::step
        | Rule::chain_link
        | Rule::wait_plain_step
        | Rule::bad_otherwise
        | Rule::eol_char
        | Rule::compat_else
        | Rule::compat_no_with
        | Rule::wait_on
        | Rule::wait_bad
        | Rule::condition
        | Rule::compat_then
        | Rule::compat_elseif
        | Rule::compat_otherwise
        | Rule::bad_condition
        | Rule::case_line
        | Rule::one_case
        | Rule::compat_case
        | Rule::junk_case
        | Rule::split_head
        | Rule::split_arm
        | Rule::compat_colon
        | Rule::compat_share
        | Rule::leaf
        | Rule::test_line
        | Rule::history_line
        | Rule::test_step
        | Rule::test_word
        | Rule::expectation
        | Rule::bad_expectation
        | Rule::line_expr
        | Rule::bad_line
        | Rule::value
        | Rule::line_value
        | Rule::prefix
        | Rule::operator
        | Rule::suffix
        | Rule::compat_is
        | Rule::compat_is_not
        | Rule::compat_is_null
        | Rule::null_word
        | Rule::operand
        | Rule::postfix
        | Rule::element
        | Rule::bad_element
        | Rule::form
        | Rule::value_arm
        | Rule::record_line
        | Rule::record_field
        | Rule::compat_key
        | Rule::compat_assign
        | Rule::bad_value
        | Rule::literal
        | Rule::span
        | Rule::digits
        | Rule::unit
        | Rule::literal_end
        | Rule::compat_moment
        | Rule::compat_date
        | Rule::compat_spaced_unit
        | Rule::unit_word
        | Rule::odd_number
        | Rule::compat_currency_sign
        | Rule::word_end
        | Rule::reserved
        | Rule::skip
        | Rule::line_rest
        | Rule::bad_head
        | Rule::junk_line
        | Rule::junk_item
        | Rule::junk_step
        | Rule::junk_head
        | Rule::strict_expr
        | Rule::strict_type
        | Rule::strict_name
        | Rule::strict_field
        | Rule::strict_pair
        | Rule::strict_item
        | Rule::strict_rule
        | Rule::strict_move
        | Rule::strict_line
        | Rule::strict_step
        | Rule::strict_test
        | Rule::strict_past
        | Rule::strict_case
        | Rule::strict_expectation
        | Rule::strict_head
        | Rule::reread_item
        | Rule::reread_line
        | Rule::reread_step
        | Rule::WHITESPACE
        | Rule::goes_on
        | Rule::form_by_word
        | Rule::step_by_word
        | Rule::leaf_by_word => Meaning::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_name_is_told() {
        for rule in Rule::all_rules() {
            match meaning(*rule) {
                Meaning::Thing(en, ja) => assert!(!en.contains('_') || en.contains('`'), "{en} {ja}"),
                Meaning::Word(word) => assert!(!word.contains('_'), "{word}"),
                Meaning::Nothing => {}
            }
        }
    }
}
