package contracttest

const (
	golden    = "auditlog.TestEveryGoldenEntryIsWrittenAsItsFilesSay"
	types     = "auditlog.TestKnownKeysAreBroughtToTheirTypeWhereNothingIsLost/"
	canonical = "auditlog.TestAnEntryIsBroughtToItsCanonicalForm/"
	badEntry  = "auditlog.TestABadEntryIsRefusedNamingKeyAndRule/"
	instants  = "auditlog.TestOneInstantIsMadeFromTheOther/"
	samples   = "auditlog.TestTheSamplesOfTheContractAreWrittenByteForByte"
)

// section5 is entries, their formats, signatures.
func section5() []row {
	const strings, numbers = types + "strings_that_came_as_numbers_or_booleans_become_strings", types + "numbers_and_booleans_that_came_as_strings_become_what_they_are"
	return append([]row{
		held("An entry is a JSON object", "auditlog.TestWhatIsNoJSONObjectIsRefusedAsAnEntry"),
		held("Kinds: authentication (`name` = `AUTHENTICATION_OUTCOME_*`), authorization (`name` = `Authz.*`), access (`name` = `Ingress`)", golden, samples),
		held("| event_ts | all | string RFC 3339 UTC |", instants+"rt_alone", instants+"event_ts_with_an_offset"),
		held("| rt | all | number, ms since epoch |", instants+"event_ts_alone", instants+"rt_alone,_as_a_string"),
		held("| event_vendor, event_product, event_version, event_class_id, name | all | string | CEF header |", strings, golden),
		held("| severity | all | whole number 0..10 |", numbers, badEntry+"a_severity_above_10", badEntry+"a_severity_below_0", badEntry+"a_severity_in_between"),
		held("| cef_version | all | number 0 |", numbers, badEntry+"another_CEF"),
		held("| src, org_id, principal_id, trace_id, user_agent | all | string;", strings),
		held("trace_id keeps the JSON type it came with", types+"a_trace_id_that_is_a_string_stays_one", badEntry+"a_trace_id_that_is_neither", canonical+"numbers_are_kept_to_the_digit"),
		held("| request, success | authn | string; boolean |", strings, numbers),
		held("| action, granted, actor_id | authz | string; boolean; string |", strings, numbers),
		held("| request, act, status, query | access | string; string; number; string |", strings, numbers, badEntry+"a_status_that_is_no_number"),
		held("| principal_name, kong_initiated, portal_id | some | string; boolean; string |", strings, numbers),
		held("Unknown keys are kept as they came", "auditlog.TestTheCanonicalFormHasEveryLiteralAndOnlyAdds", golden),
		held("top-level keys decoded and in byte order", canonical+"keys_are_put_in_byte_order", canonical+"keys_are_read,_then_written_with_as_few_escapes_as_can_be"),
		held("no spaces, every value's literals as they came", canonical+"whitespace_goes,_inside_nested_values_too,_but_not_in_strings", canonical+"strings_keep_their_escapes"),
		held("(numbers to the digit, strings with their escapes, nested objects in their own order)", canonical+"numbers_are_kept_to_the_digit", canonical+"nested_values_keep_their_order_and_may_repeat_a_key"),
		held("brought to the type above where nothing is lost", numbers, strings),
		held("else 400", badEntry+"booleans_that_are_something_else", badEntry+"strings_that_are_something_else", doors+"an_entry_without_its_name"),
		held("`org_id` is added from the token", "api.TestEntriesAreTakenForTheTokensOrganization"),
		held("`rt` or `event_ts` from the other", instants+"rt_alone", instants+"event_ts_alone"),
		held("a `sig` that comes in is a 400", badEntry+"a_signature", "api.TestBadEntriesAreNamedByTheirLine/a_sig_that_comes_in"),
		held("so are duplicate keys", badEntry+"a_key_twice", badEntry+"a_key_twice,_once_in_escapes", "api.TestBadEntriesAreNamedByTheirLine/a_key_twice"),
		held("Signature: plain Ed25519 over those bytes, base64url without padding (86 characters)", "auditlog.TestOpenSSLVerifiesALineWithTheKeyOfTheJWKS", "auditlog.TestEverySignedEntryVerifies", "auditlog.TestNoChangedByteVerifiesInAnyFormat"),
		held("Sample lines, for fixtures", samples, "auditlog.TestTheContractsSampleLinesAreTaken"),
	}, formats()...)
}

// formats is how an entry is written.
func formats() []row {
	return []row{
		held("**json**: keys in byte order, no spaces, then `,\"sig\":\"...\"` last", "auditlog.TestASignedLineIsTheEntryWithSigAsItsLastMember", "auditlog.TestOnlyTheLastMemberIsASignature", golden),
		held("Signed bytes: the object without that member (close brace kept)", "auditlog.TestEverySignedEntryVerifies", "auditlog.TestNoChangedByteVerifies"),
		held("What was signed is what is stored and sent: never re-serialise", "chunk.TestChunksLieInABatchAsTheyWereStored", "auditlog.TestTheCanonicalFormHasEveryLiteralAndOnlyAdds"),
		held("**cef**: `{event_ts} {host} CEF:0|vendor|product|version|event_class_id|name|severity|`", golden, samples),
		held("then `key=value` pairs joined by single spaces, `sig` last", golden, "auditlog.FuzzCEF"),
		held("Order: authn `rt src request success org_id", golden, samples),
		held("unknown keys after these, in byte order", "auditlog.TestACEFLineSaysWhatTheEntrySays", golden),
		held("a nested value as compact JSON text", golden),
		held("Empty values stay (`user_agent= sig=...`)", samples, golden),
		held("`{host}` is a setting (`reprise`)", "auditlog.TestAHostIsOneWord", "local.TestWhatIsNotSetIsTheContracts"),
		held("Signed bytes: the line up to, not including, ` sig=`", "auditlog.TestNoChangedByteVerifiesInAnyFormat", "auditlog.TestASignatureOfOneFormatIsNoneOfAnother"),
		held("Escape as ArcSight CEF does", golden, "auditlog.FuzzCEF", "auditlog.TestACEFLineSaysWhatTheEntrySays"),
		held("(A known verifier takes the first `sig=` of the line: escaping `=` is what keeps it right.)", "auditlog.FuzzCEF", golden),
		held("CEF carries no types: a string is what it means", "auditlog.TestACEFLineSaysWhatTheEntrySays"),
		held("Nothing is stripped, and no other character is escaped", golden, "auditlog.TestACEFLineSaysWhatTheEntrySays"),
		held("A key of the order that the entry has not is left out", golden, "auditlog.TestACEFLineSaysWhatTheEntrySays"),
		held("Where ArcSight has no rule **ours**: a header field that the entry does not say is `Unknown`", golden),
		held("In the header newline and carriage return are `\\n` and `\\r`", golden, "auditlog.FuzzCEF"),
		held("In the names of unknown keys what is no printable ASCII", golden, "auditlog.FuzzCEF"),
		held("So the first `sig=` of a line is always the last", "auditlog.FuzzCEF"),
		held("A line is written and signed when it is sent, with the signing key of then", stories+"after_a_rotation_entries_of_before_are_signed_with_the_new_key_where_they_are_written_anew"),
		held("**cps**: the json object wrapped as `{\"event\":{...}}`", golden, "auditlog.TestAnEntryWhoseFirstKeyIsEventIsNoCPS", "auditlog.TestWhatWasEmittedReadsAsTheEntry"),
		held("2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|1|", samples),
		held("2025-06-23T14:28:47Z konghq.com CEF:0|KongInc|Dev-Portal|1.0|", samples),
		held(`{"action":"read","cef_version":"0","event_class_id":"identity"`, "auditlog.TestTheContractsSampleLinesAreTaken/authorization"),
		held(`{"act":"POST","cef_version":0,"event_class_id":"KongGateway"`, "auditlog.TestTheContractsSampleLinesAreTaken/access"),
	}
}
