//! The checklist of the reference (section 16): each item has a row in the migration table and a test.

use std::path::Path;

/// Item of the original; what the migration table says of it; a test that holds it; what that test uses.
const ITEMS: &[(&str, &str, &str, &str)] = &[
    (
        "api_key",
        "`AsyncConnectClient(api_key)`",
        "the_key_is_sent_as_it_is_and_no_debug_shows_it",
        "header(\"authorization\"), KEY",
    ),
    (
        "endpoint",
        "| `endpoint` |",
        "the_endpoint_is_the_service_s_own_unless_set_and_loses_its_last_slash",
        ".endpoint(",
    ),
    (
        "use_specs",
        "| `use_specs`, `specs_location` |",
        "a_document_comes_from_a_file_or_is_fetched_without_the_key",
        ".specs(",
    ),
    ("specs_location", "`specs_location`", "a_document_is_read_aside_while_others_go_on", ".open()"),
    (
        "validate_using_specs",
        "| `validate_using_specs` |",
        "paths_that_do_not_exist_are_refused_with_the_nearest_and_nothing_is_sent",
        "Validate::Paths",
    ),
    (
        "validate_using_specs: more",
        "| `validate_using_specs` |",
        "everything_is_parameters_arguments_orderings_and_selections_too",
        "Validate::Everything",
    ),
    (
        "default_headers",
        "| `default_headers` |",
        "default_headers_and_page_size_concern_every_request",
        "header(\"x-tenant\"), \"7\"",
    ),
    (
        "default_headers: Authorization",
        "| `default_headers` |",
        "row_20_no_spelling_of_a_credential_among_default_headers",
        ".header(",
    ),
    (
        "default_limit",
        "| `default_limit` |",
        "default_headers_and_page_size_concern_every_request",
        ".page_size(25)",
    ),
    (
        "max_retries",
        "| `max_retries` |",
        "row_8_the_original_s_retries_end_and_leave_429_alone",
        "max_retries",
    ),
    ("logger", "| `logger` |", "a_block_per_request_and_answer_with_secrets_hidden", "RequestLog::new"),
    ("timeout", "| `timeout` |", "the_time_limits_are_those_of_the_original_unless_set", ".timeout("),
    ("timeout: None", "`Duration::MAX`", "a_call_without_time_limits_is_answered", "Duration::MAX"),
    (
        "resourceset_append",
        "| `resourceset_append` |",
        "a_set_asks_anew_each_time_and_may_be_left_in_the_middle",
        ".items()",
    ),
    ("response", "| `response` |", "status_headers_and_attempts_come_beside_the_value", ".with_response()"),
    (
        "client.collection",
        "| `collection(name)`, `client.name` |",
        "every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason",
        ".collection(",
    ),
    (
        "client.ns",
        "| `ns(name)`, `client(name)` |",
        "namespaces_collections_resources_and_actions_nest_to_any_depth",
        "client.ns(\"devops\")",
    ),
    (
        "client.create, delete, get, update",
        "| `get`, `create`, `update`, `delete` |",
        "raw_verbs_send_what_they_are_given_and_take_any_answer",
        "client.update(",
    ),
    (
        "client.execute",
        "| `execute(method, path)` |",
        "raw_verbs_send_what_they_are_given_and_take_any_answer",
        "Method::PATCH",
    ),
    (
        "client.help",
        "| `help()`, `print_help()` |",
        "help_tells_what_there_is_at_every_level",
        "client.help()",
    ),
    (
        "ns.collection, ns.ns",
        "| `ns.ns(name)`, `ns.collection(name)` |",
        "namespaces_collections_resources_and_actions_nest_to_any_depth",
        ".ns(\"more\")",
    ),
    (
        "help of each",
        "| `help()` on each |",
        "help_tells_what_there_is_at_every_level",
        "action(\"endsale\").help()",
    ),
    (
        "help of the published size",
        "| `help()` on each |",
        "row_23_help_is_there_for_every_place_of_a_document_of_the_published_size",
        ".help()",
    ),
    (
        "collection.action",
        "| `collection.action(name)`",
        "namespaces_collections_resources_and_actions_nest_to_any_depth",
        ".action(\"export\")",
    ),
    (
        "collection.all, filter",
        "| `collection.all()`, `.filter(...)` |",
        "a_set_walks_to_the_end_that_content_range_tells",
        ".all()",
    ),
    (
        "collection.resource",
        "| `collection.resource(id)`",
        "rows_16_and_17_identifiers_are_one_segment_and_zero_is_one",
        ".resource(",
    ),
    (
        "collection.bulk_create, bulk_update, bulk_delete",
        "| `bulk_create`, `bulk_update`, `bulk_delete` |",
        "bulk_requests_send_their_list_and_take_a_list_nothing_or_one_document",
        "bulk_delete(",
    ),
    (
        "bulk: empty",
        "| `bulk_create`, `bulk_update`, `bulk_delete` |",
        "row_14_no_bulk_request_without_a_list",
        "bulk_create(",
    ),
    (
        "collection.create",
        "| `collection.create(payload)` |",
        "row_15_an_empty_object_is_sent_and_nothing_is_nothing",
        ".create(json!({}))",
    ),
    (
        "collection.create: files",
        "| `collection.create(payload)` |",
        "multipart_has_fields_and_files_anew_on_every_attempt",
        "Multipart::new()",
    ),
    (
        "resource.action",
        "| `resource.action(name)`",
        "every_verb_of_an_action_sends_its_method_and_body",
        ".action(\"endsale\")",
    ),
    (
        "resource.collection",
        "| `resource.collection(name)`",
        "namespaces_collections_resources_and_actions_nest_to_any_depth",
        ".collection(\"variables\")",
    ),
    (
        "resource.delete, update",
        "| `resource.update(payload)`, `.delete()` |",
        "a_resource_is_read_changed_and_removed",
        ".delete_with(",
    ),
    (
        "resource.exists",
        "| `resource.exists()` |",
        "only_404_means_that_a_resource_does_not_exist",
        ".exists()",
    ),
    ("resource.get", "| `resource.get()` |", "a_resource_is_read_changed_and_removed", "resource.get()"),
    (
        "resource.values",
        "| `resource.values(*fields)` |",
        "values_of_a_resource_keep_the_order_that_was_asked",
        ".values(",
    ),
    (
        "action.get, post, put, delete",
        "| `action.get`, `post`, `put`, `delete` |",
        "every_verb_of_an_action_sends_its_method_and_body",
        "action.delete(",
    ),
    (
        "action: binary",
        "| `action.get`, `post`, `put`, `delete` |",
        "an_action_s_answer_of_any_size_is_read_while_it_arrives",
        ".download()",
    ),
    (
        "set: iteration",
        "| `for item in set`",
        "a_set_walks_to_the_end_that_content_range_tells",
        ".collect()",
    ),
    (
        "set: pages in flight",
        "`.concurrency(k)`",
        "several_pages_are_in_flight_and_come_in_order",
        ".concurrency(3)",
    ),
    ("set.count", "| `set.count()` |", "counting_asks_for_no_resources", ".count()"),
    (
        "set.first",
        "| `set.first()` |",
        "first_and_nth_are_one_request_and_give_nothing_where_nothing_is",
        ".first()",
    ),
    ("set.all", "| `list(set)` |", "a_set_asks_anew_each_time_and_may_be_left_in_the_middle", ".collect()"),
    (
        "set.configure",
        "| `set.configure(**kw)` |",
        "every_page_carries_what_a_set_was_configured_with_and_the_last_configuration_counts",
        ".configure(",
    ),
    (
        "set.configure: every way to ask",
        "| `set.configure(**kw)` |",
        "every_way_to_ask_keeps_the_time_limit_and_the_retries_of_the_configuration",
        ".count()",
    ),
    (
        "set.filter, order_by, search, select",
        "| `set.order_by`, `select`, `search`, `filter` |",
        "every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason",
        ".search(",
    ),
    (
        "set.limit",
        "| `set.limit(n)` |",
        "row_11_a_service_that_gives_less_than_asked_loses_nothing",
        ".limit(",
    ),
    (
        "set.values_list",
        "| `set.values_list(*fields)` |",
        "values_list_gives_chosen_fields_every_time",
        ".values_list(",
    ),
    (
        "set: index",
        "| `set[i]` |",
        "first_and_nth_are_one_request_and_give_nothing_where_nothing_is",
        ".nth(4)",
    ),
    ("set: slice", "| `set[a:b]` |", "row_10_positions_in_a_slice_count_from_its_start", ".slice("),
    (
        "set: truth",
        "| `bool(set)` |",
        "first_and_nth_are_one_request_and_give_nothing_where_nothing_is",
        ".first()",
    ),
    ("set.help", "| `set.help()` |", "help_tells_what_there_is_at_every_level", ".all().help()"),
    ("R: lookups", "| `R(a__b=\"x\")` |", "builder_gives_the_text_of_each_vector", ""),
    ("R: operators", "| `&`, `\\|`, `~` |", "row_2_negated_logic_has_a_form_that_the_service_reads", "|"),
    (
        "ClientError",
        "| `ClientError` |",
        "every_error_body_of_the_reference_is_read_and_none_fails_the_reading",
        "error.errors()",
    ),
    (
        "mock kit: verbs",
        "| `mocker.products[\"P\"].get(return_value=v)` |",
        "every_verb_is_expected_on_the_path_where_it_is_called",
        "mock.verify()",
    ),
    (
        "mock kit: bodies",
        "| `status_code=`, `headers=`, `match_body=` |",
        "bodies_headers_and_parameters_are_demanded",
        ".body(",
    ),
    (
        "mock kit: return_value",
        "| `return_value=` bytes",
        "what_is_not_json_is_answered_and_demanded_as_bytes_and_nothing_is_said_with_none",
        ".reply(None)",
    ),
    (
        "mock kit: listings",
        "| `mocker.products.filter(...).mock(",
        "queries_are_compared_by_meaning_and_listings_are_paged_as_asked",
        ".list(",
    ),
    (
        "mock kit: values of any kind",
        "| `mocker.products.filter(...).mock(",
        "a_filter_with_any_value_meets_its_expectation",
        ".eq(",
    ),
    (
        "mock kit: positions",
        "| `.count(return_value=n)`",
        "slices_counts_and_positions_are_their_own_expectations",
        ".nth(",
    ),
    (
        "mock kit: builders of a set",
        "| `configure`, `limit`, `values_list` of a set |",
        "an_expectation_takes_all_that_a_set_takes",
        ".configure(",
    ),
    ("mock kit: exclude", "| `exclude=` a prefix", "requests_of_any_kind_can_be_passed_on", "pass_if("),
    (
        "mock kit: queued answers",
        "| the same call several times |",
        "answers_come_in_turn_and_errors_have_the_service_s_shape",
        ".then()",
    ),
];

#[test]
fn every_item_of_the_checklist_has_its_row_and_a_test_that_uses_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/src/connect/migration.md")).unwrap();
    let mut sources = String::new();
    for folder in ["crates/connect/tests", "crates/connect/tests/it", "crates/rql/tests/it"] {
        for file in root.join(folder).read_dir().unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "rs") && !file.ends_with("checklist.rs")
            {
                sources.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
    }
    for (item, row, test, word) in ITEMS {
        assert!(table.contains(row), "{item}: the migration table has no row {row}");
        let (_, body) =
            sources.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("{item}: no test {test}"));
        let body = body.split("\n}\n").next().unwrap_or_default();
        // The vectors stand in a table beside their test.
        let place = if test.contains("vector") { sources.as_str() } else { body };
        assert!(place.contains(word), "{item}: {test} uses no {word}");
        assert!(body.contains("assert"), "{item}: {test} asserts nothing");
    }
}

#[test]
fn every_row_of_the_defect_table_has_a_test_of_its_number() {
    let here = [include_str!("defect.rs"), include_str!("../../../rql/tests/it/defects.rs")].concat();
    let elsewhere = include_str!("../../../cli/tests/it/connect.rs");
    for row in 1..=27 {
        let named = [format!("fn row_{row}_"), format!("fn rows_{row}_"), format!("_and_{row}_")];
        let found =
            named.iter().any(|name| here.contains(name.as_str()) || elsewhere.contains(name.as_str()));
        assert!(found, "row {row}");
    }
}
