"""The evidence behind each row of docs/reference/security.md that says `done`.

A piece of evidence is a test (file::name, below tests/), a target of `make check` (make:target), or
a document that has to be there with its heading (doc:path#heading, below docs/): for what has to be
written down. `test_security_page.py` checks that there is one for each row, and that each exists.
"""

_ACCESS, _SESSION, _OIDC = "api/test_access.py::", "api/test_session.py::", "api/test_oidc.py::"
_FORGED, _LINKS = "api/test_oidc_forged.py::", "api/test_signed_links.py::"
_CITIZENS, _VAULT, _PAGES = (
    "api/test_citizens.py::",
    "store/test_vault.py::",
    "api/test_pages.py::",
)
_INTAKE, _UPLOADS, _PERMISSIONS = (
    "api/test_intake.py::",
    "api/test_uploads.py::",
    "api/test_permissions.py::",
)
_PROXIES = "api/test_proxies.py::test_the_last_hop_that_is_no_proxy_counts"
_SANDBOX, _SOURCE, _WALK = (
    "media/test_sandbox.py::",
    "test_source_rules.py::",
    "api/test_walk_of_names.py::",
)
_HOSTILE = "api/test_hostile_files.py::test_none_is_kept_as_it_came_and_none_hurts_the_system"
_CONTRACT = "api/test_contract.py::test_no_request_breaks_the_contract"
_GUARDED = "api/test_headers.py::test_every_answer_is_guarded"
_NOT_RUN = f"{_PAGES}test_what_was_said_is_shown_and_not_run"
_FORGED_TOKEN = f"{_FORGED}test_a_forged_token_lets_nobody_in"
_COOKIE = f"{_SESSION}test_behind_https_the_cookie_stays_with_this_host"
_GUESSED = f"{_SESSION}test_a_password_that_would_be_guessed_is_refused"
_CHANGED = f"{_SESSION}test_a_changed_password_ends_the_old_sessions_and_begins_a_new_one"
_ENDS = f"{_SESSION}test_a_session_ends_unused_and_ends_in_any_case"
_LINK_ENDS, _MADE_UP = f"{_LINKS}test_a_link_ends", f"{_LINKS}test_a_link_cannot_be_made_up"
_RUNS_NOTHING = f"{_LINKS}test_a_browser_is_told_to_run_nothing"
_ROLES = f"{_PERMISSIONS}test_every_role_is_let_in_where_the_table_says_so_and_nowhere_else"
_NO_SECRET_LEFT = f"{_INTAKE}test_contact_details_are_in_the_vault_and_nowhere_else"
_DEFECT = "api/test_problems.py::test_a_defect_is_a_500_that_repeats_nothing"
_NOTHING_RUN = f"{_SOURCE}test_no_text_becomes_a_program"
_NO_PATTERN = f"{_SOURCE}test_no_pattern_and_no_template_is_made_of_input"
_TALKS = f"{_SOURCE}test_only_these_modules_speak_to_others"
_CHECKED = f"{_SOURCE}test_no_certificate_goes_unchecked_and_no_redirect_is_followed"
_KEYS = "doc:explanation/privacy.md#keys"

EVIDENCE: dict[str, tuple[str, ...]] = {
    "1.1.1": (f"{_INTAKE}test_control_characters_and_bidi_overrides_are_left_out",),
    "1.1.2": (_NOT_RUN, f"{_INTAKE}test_unusual_text_is_harmless_in_both_databases"),
    "1.2.1": (_NOT_RUN,),
    "1.2.2": (_MADE_UP,),
    "1.2.3": ("api/test_headers.py::test_pages_hold_no_script_and_no_style_of_their_own",),
    "1.2.4": (f"{_INTAKE}test_unusual_text_is_harmless_in_both_databases",),
    "1.2.5": (_NOTHING_RUN,),
    "1.2.9": (_NO_PATTERN,),
    "1.3.2": (_NOTHING_RUN, "packs/test_conditions.py::test_what_a_condition_may_not_say_is_told"),
    "1.3.3": (f"{_INTAKE}test_every_wrong_field_is_named_and_none_is_repeated",),
    "1.3.4": (_HOSTILE,),
    "1.3.6": (
        _TALKS,
        "runtime/test_outbound.py::test_a_private_address_is_refused_however_it_is_written",
    ),
    "1.3.7": (_NO_PATTERN,),
    "1.3.10": (_NO_PATTERN,),
    "1.3.11": (
        "messaging/test_rules.py::test_what_the_city_calls_itself_cannot_make_a_header",
        "workers/test_mail_in.py::test_a_header_adds_no_line",
    ),
    "1.4.1": (f"{_SANDBOX}test_an_examination_sees_no_secret",),
    "1.4.2": (_CONTRACT,),
    "1.4.3": (f"{_SANDBOX}test_a_caller_who_goes_away_leaves_no_process",),
    "1.5.1": ("store/test_imports_open311.py::test_xml_that_is_no_list_is_refused", _HOSTILE),
    "1.5.2": (
        _NOTHING_RUN,
        "api/test_commands.py::test_bodies_are_strict_and_may_be_left_out_where_nothing_is_needed",
    ),
    "2.1.1": ("api/test_problems.py::test_every_operation_is_described",),
    "2.1.2": ("api/test_problems.py::test_every_code_is_explained_and_no_other",),
    "2.1.3": ("doc:reference/city-packs.md", "doc:reference/files.md"),
    "2.2.1": (f"{_INTAKE}test_every_wrong_field_is_named_and_none_is_repeated", _CONTRACT),
    "2.2.2": (f"{_PAGES}test_nonsense_in_the_rating_form_is_no_crash",),
    "2.2.3": ("api/test_commands.py::test_codes_the_city_does_not_have_are_refused",),
    "2.3.1": (
        "domain/test_lifecycle.py::test_a_refused_fact_leaves_the_ticket_as_it_was",
        "api/test_commands.py::test_what_the_stage_does_not_allow_is_refused",
    ),
    "2.3.2": (
        "workflows/commands/units/test_return_ticket.py::test_returns_are_capped",
        "store/test_files.py::test_a_ticket_has_so_many_of_a_kind",
    ),
    "2.3.3": ("api/test_files.py::test_a_complaint_that_names_a_file_wrongly_is_not_registered",),
    "2.3.4": (
        "store/test_files.py::test_of_two_who_attach_at_once_one_has_it",
        "workflows/commands/units/test_sign.py::"
        "test_of_two_officers_at_once_one_signs_and_one_is_told",
    ),
    "2.4.1": (
        "api/test_rate_limits.py::test_so_many_complaints_from_one_address_and_no_more",
        "api/test_bot_checks.py::"
        "test_a_form_sent_at_once_is_shown_again_and_can_be_sent_after_a_while",
        f"{_UPLOADS}test_citizens_upload_so_often_and_staff_as_they_need",
    ),
    "3.2.1": (_RUNS_NOTHING,),
    "3.2.2": (_NOT_RUN,),
    "3.3.1": (_COOKIE,),
    "3.3.2": (_COOKIE,),
    "3.3.3": (_COOKIE,),
    "3.3.4": (_COOKIE,),
    "3.4.1": ("api/test_headers.py::test_behind_https_browsers_stay_with_https",),
    "3.4.2": (
        "api/test_codec.py::test_only_the_engines_own_pages_may_ask_from_a_browser",
        "api/test_headers.py::test_only_what_is_public_may_be_read_from_another_site",
    ),
    "3.4.3": (_GUARDED, f"{_PAGES}test_pages_run_no_foreign_script_and_are_not_framed"),
    "3.4.4": (_GUARDED,),
    "3.4.5": (_GUARDED,),
    "3.4.6": (f"{_PAGES}test_pages_run_no_foreign_script_and_are_not_framed",),
    "3.5.1": (
        f"{_SESSION}test_a_cookie_alone_changes_nothing",
        "api/test_staff_sign_in.py::test_nobody_is_shown_a_form_that_another_page_prepared",
    ),
    "3.5.2": (f"{_SESSION}test_a_page_of_somebody_else_is_refused_even_with_the_token",),
    "3.5.3": (_CONTRACT,),
    "3.7.1": (f"{_PAGES}test_pages_run_no_foreign_script_and_are_not_framed",),
    "3.7.2": (f"{_OIDC}test_the_way_there_proves_what_the_way_back_needs",),
    "4.1.1": (_CONTRACT,),
    "4.1.3": (_PROXIES,),
    "4.2.1": ("api/test_interrupted_upload.py::test_nothing_is_left_of_an_upload_that_breaks_off",),
    "5.1.1": ("doc:reference/files.md",),
    "5.2.1": (f"{_UPLOADS}test_each_kind_has_its_own_limit",),
    "5.2.2": (_HOSTILE,),
    "5.2.3": (_HOSTILE,),
    "5.3.1": (_RUNS_NOTHING,),
    "5.3.2": ("api/test_hostile_files.py::test_no_name_leads_anywhere",),
    "5.4.1": (_RUNS_NOTHING,),
    "5.4.2": (_RUNS_NOTHING,),
    "6.1.1": ("doc:reference/people.md#how-often",),
    "6.1.2": (_GUESSED,),
    "6.1.3": ("doc:reference/people.md",),
    "6.2.1": (_GUESSED,),
    "6.2.2": (_CHANGED,),
    "6.2.3": (_CHANGED,),
    "6.2.4": (_GUESSED,),
    "6.2.5": (_GUESSED,),
    "6.2.8": (_GUESSED,),
    "6.2.9": (_GUESSED,),
    "6.2.10": ("doc:reference/people.md#accounts",),
    "6.2.11": (_GUESSED,),
    "6.2.12": (_GUESSED,),
    "6.3.1": (
        f"{_SESSION}test_a_wait_ends_and_a_success_forgives",
        f"{_ACCESS}test_guessing_on_many_tickets_closes_them_to_that_address",
    ),
    "6.3.2": (
        "cli/test_account.py::"
        "test_a_new_installation_has_one_administrator_and_shows_the_password_once",
        "make:compose",
    ),
    "6.3.4": (_ROLES,),
    "6.4.1": (
        "api/test_first_passwords.py::"
        "test_after_seven_days_it_is_over_until_an_administrator_gives_another",
    ),
    "6.4.2": (_ROLES,),
    "6.5.1": (f"{_CITIZENS}test_a_code_is_good_once",),
    "6.5.2": (f"{_CITIZENS}test_neither_phone_nor_code_is_in_the_store_in_the_clear",),
    "6.5.3": (f"{_SOURCE}test_secrets_are_drawn_by_the_operating_system",),
    "6.5.4": (f"{_VAULT}test_access_codes_are_eight_digits_and_always_the_same",),
    "6.5.5": (f"{_CITIZENS}test_a_code_is_over_after_ten_minutes",),
    "6.6.2": (f"{_CITIZENS}test_a_code_is_over_after_ten_minutes",),
    "6.6.3": (f"{_CITIZENS}test_after_five_tries_the_right_code_is_refused_too",),
    "6.8.1": (f"{_FORGED}test_keys_that_are_none_and_a_provider_of_another_name_are_refused",),
    "6.8.2": (_FORGED_TOKEN,),
    "7.1.1": ("doc:reference/people.md#accounts",),
    "7.1.2": ("doc:reference/people.md#accounts",),
    "7.1.3": ("doc:reference/people.md#an-identity-provider",),
    "7.2.1": (f"{_SESSION}test_a_cookie_that_was_tampered_with_opens_nothing",),
    "7.2.2": (f"{_SESSION}test_signing_in_again_ends_the_session_of_before",),
    "7.2.3": (f"{_SOURCE}test_secrets_are_drawn_by_the_operating_system",),
    "7.2.4": (f"{_SESSION}test_signing_in_again_ends_the_session_of_before",),
    "7.3.1": (_ENDS,),
    "7.3.2": (_ENDS,),
    "7.4.1": (
        f"{_SESSION}test_signing_out_everywhere_ends_every_session_of_the_account",
        f"{_ACCESS}test_a_token_ends_when_it_is_revoked_or_expires",
    ),
    "7.4.2": (f"{_SESSION}test_who_is_disabled_or_becomes_something_else_is_out_at_once",),
    "7.4.3": (_CHANGED,),
    "7.4.5": ("cli/test_account.py::test_whatever_is_done_to_an_account_ends_its_sessions",),
    "7.6.2": (f"{_OIDC}test_what_was_not_begun_here_is_refused",),
    "8.1.1": (_ROLES, "domain/test_lifecycle.py::test_the_page_in_the_docs_is_what_the_table_says"),
    "8.1.2": ("doc:reference/permissions.md", "doc:explanation/privacy.md"),
    "8.2.1": (
        _ROLES,
        "api/test_scopes.py::test_every_route_asks_for_its_scope_and_for_no_other",
        "api/test_permission_of_acts.py::test_every_act_asks_for_permission_first",
    ),
    "8.2.2": (
        f"{_PERMISSIONS}test_a_ticket_that_is_not_yours_is_word_for_word_like_none",
        "api/test_files.py::test_nobody_hangs_files_on_tickets_they_do_not_see",
    ),
    "8.2.3": ("api/test_tickets.py::test_a_citizen_sees_no_officers_and_no_notes",),
    "8.3.1": (_ROLES,),
    "8.4.1": (
        f"{_WALK}test_every_parameter_is_known_to_name_something_or_nothing",
        f"{_WALK}test_an_address_that_names_anothers_thing_is_answered_like_none",
        f"{_WALK}test_a_body_that_names_anothers_thing_is_answered_like_none",
        f"{_WALK}test_a_field_of_a_page_that_names_anothers_thing_is_answered_like_none",
        f"{_WALK}test_the_codec_opens_and_seals_nothing_of_another_city",
        "api/test_scopes.py::test_newer_tickets_elsewhere_hide_none_of_ones_own_city",
    ),
    "9.1.1": (_MADE_UP, _FORGED_TOKEN),
    "9.1.2": (_FORGED_TOKEN,),
    "9.1.3": (_FORGED_TOKEN,),
    "9.2.1": (_LINK_ENDS, _FORGED_TOKEN),
    "9.2.2": (_MADE_UP,),
    "9.2.3": (_FORGED_TOKEN,),
    "10.1.1": (f"{_OIDC}test_somebody_comes_in_as_what_the_provider_says",),
    "10.1.2": (f"{_OIDC}test_an_answer_for_another_sign_in_is_refused",),
    "10.2.1": (f"{_OIDC}test_what_was_not_begun_here_is_refused",),
    "10.5.1": (f"{_FORGED}test_to_come_back_twice_is_refused",),
    "10.5.2": (f"{_OIDC}test_it_is_one_account_however_often_and_whatever_they_become",),
    "10.5.3": (f"{_FORGED}test_keys_that_are_none_and_a_provider_of_another_name_are_refused",),
    "10.5.4": (_FORGED_TOKEN,),
    "11.1.1": (_KEYS,),
    "11.1.2": (_KEYS,),
    "11.2.1": (f"{_SOURCE}test_cryptography_is_of_the_named_libraries",),
    "11.2.2": (
        "store/test_keys.py::test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens",
    ),
    "11.2.3": (f"{_SOURCE}test_cryptography_is_of_the_named_libraries",),
    "11.3.1": (f"{_SOURCE}test_cryptography_is_of_the_named_libraries",),
    "11.3.2": (f"{_SOURCE}test_cryptography_is_of_the_named_libraries",),
    "11.3.3": (f"{_VAULT}test_a_changed_seal_does_not_open",),
    "11.4.1": ("make:security",),
    "11.4.2": (f"{_SESSION}test_neither_name_nor_secret_is_in_the_store_in_the_clear",),
    "11.4.3": (f"{_UPLOADS}test_what_citizens_send_is_taken",),
    "11.6.1": (_FORGED_TOKEN,),
    "12.3.2": (_CHECKED,),
    "13.1.1": (_TALKS, "doc:how-to/production.md", "doc:explanation/architecture.md"),
    "13.2.2": ("make:compose",),
    "13.2.3": ("make:compose",),
    "13.3.2": (
        f"{_ACCESS}test_the_key_is_kept_for_the_owner_only",
        f"{_SANDBOX}test_an_examination_sees_no_secret",
    ),
    "13.4.1": ("test_image.py::test_every_package_of_the_wheel_is_sent_to_the_builder",),
    "13.4.2": (_DEFECT,),
    "13.4.3": ("api/test_public.py::test_addresses_and_methods_that_are_none",),
    "13.4.4": ("api/test_public.py::test_addresses_and_methods_that_are_none",),
    "14.1.1": (_NO_SECRET_LEFT,),
    "14.1.2": ("doc:explanation/privacy.md",),
    "14.2.1": (_MADE_UP,),
    "14.2.2": ("api/test_tickets.py::test_nothing_on_the_way_keeps_a_ticket",),
    "14.2.3": (f"{_PAGES}test_pages_run_no_foreign_script_and_are_not_framed",),
    "14.2.4": (
        _NO_SECRET_LEFT,
        "workers/test_nothing_leaks.py::test_nothing_personal_is_left_in_the_clear",
    ),
    "14.3.1": (
        "browser/test_citizen.py::test_a_draft_keeps_no_name_and_phone_for_the_next_person",
        f"{_SOURCE}test_only_these_scripts_keep_anything_in_the_browser",
    ),
    "14.3.2": (
        "api/test_tickets.py::test_nothing_on_the_way_keeps_a_ticket",
        "api/test_access_codes.py::test_a_citizen_replaces_a_code_that_somebody_else_knows",
    ),
    "15.1.2": ("test_source_rules.py::test_every_library_is_pinned_with_its_hash",),
    "15.1.3": ("doc:explanation/performance.md", "doc:reference/files.md"),
    "15.2.2": (
        f"{_SANDBOX}test_what_takes_too_long_is_ended",
        f"{_SANDBOX}test_what_takes_too_much_memory_is_ended",
    ),
    "15.2.3": ("test_image.py::test_every_package_of_the_wheel_is_sent_to_the_builder",),
    "15.3.1": ("api/test_tickets.py::test_a_citizen_sees_no_officers_and_no_notes",),
    "15.3.2": (_CHECKED,),
    "15.3.3": (
        "api/test_commands.py::test_bodies_are_strict_and_may_be_left_out_where_nothing_is_needed",
    ),
    "15.3.4": (
        _PROXIES,
        "cli/test_unsafe_start.py::test_https_without_a_named_proxy_is_refused_in_one_line",
    ),
    "15.3.5": ("make:types",),
    "15.3.7": (_CONTRACT,),
    "16.2.1": (
        "store/test_view_log.py::test_a_look_shows_the_person_and_is_written_down",
        "store/test_projector.py::test_a_ticket_reads_back_as_it_was_told",
    ),
    "16.2.2": (f"{_SOURCE}test_no_time_is_without_its_zone",),
    "16.2.3": ("workers/test_stack.py::test_it_starts_serves_and_stops_without_leaving_anything",),
    "16.2.4": (f"{_SOURCE}test_logs_can_be_read_by_machines_and_no_text_forges_a_line",),
    "16.2.5": (_DEFECT, _NO_SECRET_LEFT),
    "16.3.1": (f"{_SESSION}test_who_comes_in_and_who_does_not_is_logged_by_no_name",),
    "16.3.2": (f"{_SOURCE}test_refusals_are_logged",),
    "16.3.4": (_DEFECT,),
    "16.4.1": (f"{_SOURCE}test_logs_can_be_read_by_machines_and_no_text_forges_a_line",),
    "16.5.1": (_DEFECT,),
    "16.5.2": (
        f"{_INTAKE}test_without_the_store_nothing_is_half_done",
        f"{_UPLOADS}test_nothing_is_kept_when_the_place_of_files_is_away",
    ),
    "16.5.3": (f"{_ACCESS}test_a_token_that_is_none_is_refused", _HOSTILE),
}
"""The evidence by the number of the requirement."""
