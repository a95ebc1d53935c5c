package contracttest

// section6 is the intake.
func section6() []row {
	const dress, body, named = "api.TestEntriesAreTakenInEveryDress/", "api.TestABadBodyOfEntriesIsRefused/", "api.TestBadEntriesAreNamedByTheirLine/"
	const instant = "auditlog.TestABadInstantIsRefusedNamingTheKeyItCameFrom/"
	return []row{
		held("`POST /v2/audit-log-events`", "api.TestEveryRouteIsAnswered"),
		held("Role `intake` or `admin`", "api.TestEachRouteLetsInWhomTheContractNames/POST_/v2/audit-log-events", "api.TestAProducerMayOnlySendEntries"),
		held("`application/x-ndjson` (one object per line)", dress+"lines", doors+"entries"),
		held("or `application/json` (an array)", dress+"an_array", doors+"an_array"),
		held("optionally `Content-Encoding: gzip`", dress+"zipped_lines", dress+"a_zipped_array", doors+"gzip"),
		held("At most 4 MiB decoded and 10,000 entries a request", "api.TestTheLargestBodiesAreTaken", doors+"entries_over_it", doors+"too_many_entries"),
		held("An entry is at most 128 KiB", "auditlog.TestALineHasALimit"),
		held("Its instant is `rt`, else `event_ts`", instants+"both,_each_with_its_digits", instants+"event_ts_alone"),
		held("given both, they must agree to the second", instant+"a_second_apart", instant+"a_second_apart,_the_other_way", instants+"both,_event_ts_cut_to_the_second"),
		held("`org_id` comes from the token; an entry that carries another is refused", "api.TestEntriesAreTakenForTheTokensOrganization", named+"another_org_id_in_a_line", badEntry+"another_organization"),
		held("An entry needs `event_class_id`, `name` and one of `event_ts`, `rt`", badEntry+"an_empty_object", badEntry+"blank_fields", named+"several_things_missing_in_one"),
		held("older than seven days or over five minutes ahead: refused", named+"too_old", instant+"event_ts_is_old", instant+"event_ts_is_ahead", "auditlog.TestTheEdgesOfWhatIsTakenAreTakenWhateverTheClocksMicroseconds"),
		held("**202** `{\"accepted\": n}` only after every entry is durable", doors+"entries", "crashtest.TestNothingAcknowledgedIsLostWhenTheProcessIsKilled", stories+"a_producer_gives_up,_nobody_comes_back"),
		held("A bad entry → 400 with `field: \"line 17: org_id\"`", named+"two_lines", doors+"an_entry_without_its_name"),
		held("the rule for each bad line (first 20), and nothing is stored", named+"the_first_twenty"),
		held("More than 4 MiB or 10,000 entries: 413", body+"too_long", body+"too_long_when_decoded", body+"too_many_lines", body+"too_many_in_an_array"),
		held("Any other answer, or none: part of it may be stored (and replayed); sending the same body again completes it", stories+"one_producer_gives_up,_another_does_not,_the_first_comes_back", "api.TestABodyThatBreaksOffTakesNothing"),
		held("No entry at all (an empty body, `[]`) is 202 with `{\"accepted\": 0}`", doors+"none", "api.TestNothingIsTakenFromAnEmptyBody"),
		held("Blank lines are passed over", dress+"lines_with_blanks_between", named+"blank_lines_count"),
		held("The same body again stores nothing twice (a producer's retry)", stories+"the_same_body_again_is_stored_once,_equal_entries_in_one_body_are_all_kept", "chunk.TestTheSameBodyGetsTheSameKeysAndCutsWithAnyKey"),
		held("equal entries within one body are all kept", dress+"equal_ones_are_all_kept", "chunk.TestEqualEntriesOfOneBodyAreAllKeptInTheOrderTheyCame"),
		held("entries grouped into other bodies are new ones", "chunk.TestOtherBodiesGetOtherKeys"),
	}
}
