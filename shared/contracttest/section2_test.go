package contracttest

// section2 is the replay job.
func section2() []row {
	const right, wrong = "api.TestRightTimesInOddDressAreTaken/", "api.TestWrongTimesAreRefusedByName/"
	return append([]row{
		held("`PUT` and `GET /v2/audit-log-replay-job`", "api.TestEveryRouteIsAnswered"),
		held("One job per organization and region", "api.TestEachScopeHasItsOwnJob", store+"jobs/organizations_and_regions_never_touch"),
		held("a singleton that `PUT` replaces and `GET` reads", store+"puts/a_PUT_over_completed_replaces_every_field", "api.TestTheLifeOfAReplayAsAClientSeesIt"),
		held("both required", "api.TestABadPUTIsRefusedAndStoresNothing/one_missing", doors+"both_times_missing"),
		held("RFC 3339 as its grammar says", "replay.FuzzParseTime", wrong+"words"),
		held("two-digit hours", wrong+"a_one-digit_hour"),
		held("a dot for fractions", wrong+"a_comma_fraction"),
		held("years 0001 to 9999", wrong+"the_year_0", wrong+"the_year_10000"),
		held("no leap second", wrong+"a_leap_second"),
		held("any offset", right+"offsets", right+"an_unknown_local_offset"),
		held("fractions floored to milliseconds", right+"fractions_that_are_no_millis", right+"nine_digits_of_fraction"),
		held("answered in UTC", right+"tomorrow_elsewhere"),
		held("**202** (not 200, not 201: real clients insist)", "api.TestAPUTIsAnsweredAsTheContractSays"),
		held("Both times must lie within the last seven days", "api.TestABadPUTIsRefusedAndStoresNothing/seven_days_and_two_minutes", "replay.TestAWindowThatBreaksARuleNamesTheFieldAndTheRule"),
		held("with 60 s of tolerance at both ends", right+"seven_days_and_the_tolerance", "api.TestABadPUTIsRefusedAndStoresNothing/a_millisecond_too_far", "api.TestABadPUTIsRefusedAndStoresNothing/a_millisecond_too_old"),
		held("`start_at` after `end_at`: 400", doors+"the_end_before_the_start"),
		held("Equal is allowed", right+"an_instant", "replay.TestAWindowIsTakenInEveryDressOfRFC3339/equal_ends"),
		held("The range is inclusive at both ends", "chunk.TestBothEndsOfTheWindowAreInIt", "replay.TestAWindowHoldsBothItsEnds", stories+"nothing_outside_the_window_arrives"),
		held("The webhook of that region must be configured and enabled", "api.TestAPUTNeedsAnEnabledWebhook", doors+"webhook_not_enabled"),
		held("**409 exactly when the stored job is `running`**", "api.TestAPUTConflictsExactlyWithARunningJob", store+"puts/a_PUT_over_running_conflicts_and_changes_nothing", store+"races/of_PUTs_that_race_with_the_first_slice_either_all_win_or_none"),
		held("While `accepted` or `pending`, a PUT replaces the job", store+"puts/a_PUT_over_accepted_replaces_every_field", store+"puts/a_PUT_over_pending_replaces_every_field"),
		held("the old one is fenced off and delivers nothing", stories+"a_PUT_over_an_accepted_job_replaces_it:_the_first_delivers_nothing", stories+"a_PUT_over_a_pending_job_replaces_it:_the_first_delivers_nothing"),
		held("`GET` before any PUT: **200**, `status: \"unconfigured\"`", "api.TestNoJobIsUnconfigured", doors+"no_job,_by_the_header"),
		held("Never 404", "api.TestNoJobIsUnconfigured"),
		held("Status: `unconfigured` → `accepted`", "replay.TestTheDrawnTransitionsAreTheOnlyOnes", store+"jobs/every_move_over_every_status_does_what_the_drawing_says", "api.TestTheLifeOfAReplayAsAClientSeesIt"),
		held("`completed` (every entry got a 2xx)", stories+"every_entry_arrives", "simtest.TestNothingIsLostWhateverGoesWrong"),
		held("A new PUT from `completed` or `failed` starts at `accepted`", store+"puts/a_PUT_over_completed_replaces_every_field", store+"puts/a_PUT_over_failed_replaces_every_field"),
		held("The webhook used is the one configured **when the slice is executed**", stories+"the_key_and_the_token_are_changed", "egress.TestAfterAChangeInMidJobTheRestGoesWhereTheWebhookLeads"),
		held("the job fails with `webhook_disabled`", stories+"a_webhook_that_is_disabled_in_mid_job_fails_it", "egress.TestAWebhookThatIsDisabledInMidJobGetsNoOtherBatch"),
		held("A replay covers every entry of the range whose intake was acknowledged before the PUT", stories+"every_entry_arrives", "simtest.TestNothingIsLostWhateverGoesWrong", "crashtest.TestNothingAcknowledgedIsLostWhenTheProcessIsKilled"),
	}, moreOfTheJob()...)
}

// moreOfTheJob is what the original has not, global among it.
func moreOfTheJob() []row {
	const shown = "api.TestAJobIsShownWithAllThatIsKnownOfIt/"
	return []row{
		held("PUT targets every configured region whose webhook is enabled", "api.TestAPUTOfGlobalIsForEveryRegionWhoseWebhookIsOn/both", "api.TestAPUTOfGlobalIsForEveryRegionWhoseWebhookIsOn/one", stories+"a_PUT_for_all_regions_brings_the_entries_of_each"),
		held("in one all-or-nothing write", store+"puts/several_scopes_are_put_as_one", store+"races/of_overlapping_PUTs_that_race_one_takes_all_of_its_scopes"),
		held("any region running → 409 and nothing is changed", "api.TestAPUTOfGlobalChangesNothingWhereOneRegionRuns", store+"puts/one_running_scope_keeps_a_PUT_from_all_of_them", stories+"a_PUT_for_all_regions_while_one_runs_changes_nothing_in_any"),
		held("GET answers the aggregate", "api.TestAGETOfGlobalIsTheJobsOfAllRegionsAsOne", "replay.TestJobsOfSeveralRegionsHaveOneStatus"),
		held("are those of the regional job that was updated last", "replay.TestTheLatestJobIsTheFirstOfThoseUpdatedLast", "api.TestAGETOfGlobalIsTheJobsOfAllRegionsAsOne/two,_one_of_them_planned,_the_other_updated_last"),
		held("No region with an enabled webhook: 400", "api.TestAPUTOfGlobalNeedsOneWebhookThatIsOn"),
		held("`GET ...?detail=slices` **ours**", "api.TestTheSlicesOfAPlanAreShownToWhoAsks/of_a_running_job", "api.TestTheSlicesOfAPlanAreShownToWhoAsks/of_a_completed_job"),
		held("(at most 32 a region)", "replay.TestAPlanIsCutForItsLanes/a_huge_one_grows_its_slices"),
		held("Extra response fields **ours**, absent on an unconfigured job", "api.TestNoJobIsUnconfigured", shown+"accepted"),
		held("`job_id`; `requested_by`", shown+"accepted", "api.TestAPUTIsAnsweredAsTheContractSays"),
		held("`progress {slices_total, slices_completed, batches, entries, bytes, estimated_entries}`", shown+"running", "api.TestProgressNeverSaysLessThanTheStatus"),
		held("counted from acknowledged 2xx only, never from what was queued", "contracttest.TestProgressCountsWhatWasAcknowledgedAlone", "simtest.TestNothingIsLostWhateverGoesWrong", "egress.TestAFinalAnswerLeavesWhatWasAcknowledgedCounted"),
		held("`started_at`, `finished_at`", shown+"completed_after_its_rows_have_expired", store+"jobs/started_at_is_set_once_and_updated_at_moves_only_with_a_real_move"),
		held("`failure {code, detail, last_response_code?}` on a failed job", shown+"failed", shown+"failed_without_an_answer"),
		held("the code one of `cancelled`", "api.TestADELETECancelsALiveJob"),
		held("`expired`", stories+"nobody_ever_works:_the_job_expires"),
		held("`webhook_disabled`, `webhook_gone` (410)", stories+"the_receiver_is_gone", "egress.TestA410TurnsTheWebhookOff"),
		held("`rejected` (another final answer, or an endpoint that our own guard refuses", "egress.TestAnyOtherAnswerFailsTheJobAtOnceAndSaysWhy", "egress.TestAnEndpointThatTheGuardRefusesFailsTheJobWithoutAPOST"),
		held("`retries_exhausted`", stories+"the_receiver_never_gets_well", "egress.TestAfterOneHourOfTriesTheJobFails"),
		held("`entry_too_large` (413 for a single entry)", "egress.TestA413ToASingleEntryFailsTheJob", stories+"an_entry_that_is_too_large_for_its_receiver_fails_the_job,_which_names_it"),
		held("`undeliverable` (our own fault", stories+"stored_entries_are_damaged:_the_job_fails,_and_says_from_when_on", "crashtest.TestADamagedChunkEndsItsJobAndNobodyElses"),
		held("`regions` is an object by region and there is no `job_id` at the top", "api.TestAPUTOfGlobalIsForEveryRegionWhoseWebhookIsOn/both", "api.TestGlobalOfOneRegionHasTheFormOfGlobal"),
		held("cancels a job that is accepted, pending or running", "api.TestADELETECancelsALiveJob", stories+"an_admin_cancels_a_job_that_nobody_has_planned", stories+"an_admin_cancels_a_job_that_waits_in_the_queue"),
		held("honoured within one batch in flight", stories+"an_admin_cancels_in_mid_job", stories+"a_DELETE_while_the_last_batch_is_in_flight_cancels,_the_batch_counts", stories+"after_a_job_was_ended_no_further_batch_starts"),
		held("204; nothing to cancel: 404", doors+"a_cancel", doors+"nothing_to_cancel", "api.TestADELETEOfWhatHasEndedOrNeverWasIsNotFound"),
		held("`global`: each region's own, not as one; 204 if any was cancelled", "api.TestADELETEOfGlobalCancelsWhatIsThere", "api.TestADELETEOfGlobalGoesOnAfterARegionInTrouble", doors+"a_cancel_of_all"),
		held("`GET /v2/audit-log-replay-job/estimate?start_at=&end_at=` **ours**", "api.TestAnEstimateIsWhatTheHoursWereCountedToHold/a_region", doors+"an_estimate", "replay.TestAnEstimateIsMadeFromWholeHours"),
		held("without starting anything", "api.TestAnEstimateIsWhatTheHoursWereCountedToHold"),
	}
}
