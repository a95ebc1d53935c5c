package contracttest

// section1 is hosts, who is let in, errors.
func section1() []row {
	const region = "api.TestTheRegionIsWhatTheHostSaysElseTheHeaderElseTheDefault/"
	return append([]row{
		held("Base: `https://{region}.api.<domain>/v2/...`", region+"in_the_domain", doors+"host_us.api.example.com,_region_au"),
		held("The first DNS label is the region", region+"the_host", doors+"host_eu.api.example.com,_region_us"),
		held("or `global`, which means every region of this stack", "api.TestAPUTOfGlobalIsForEveryRegionWhoseWebhookIsOn", doors+"the_jobs_of_all_regions"),
		held("A host whose first label is none of these", region+"a_raw_gateway_host", doors+"host_127.0.0.1,_region_au"),
		held("means what the request header `Reprise-Region` says", region+"the_header", doors+"host_localhost,_region_", "apigw.TestTheLocalServerReadsARequestAsTheGatewayWould/HTTP/1.0_without_a_Host,_by_the_header"),
		held("else the stack's default region **ours**", region+"the_default", "apigw.TestTheLocalServerReadsARequestAsTheGatewayWould/HTTP/1.0_without_a_Host"),
		held("`us.localhost:8080` works locally", "contracttest.TestALocalHostNamesItsRegion"),
		held("The same paths answer under `/v3`", doors+"a_job_under_v3", doors+"a_cancel_under_v3", doors+"an_estimate_under_v3", doors+"a_webhook_under_v3"),
		held("`Authorization: Bearer <token>`: a personal or system-account token", "api.TestAGoodTokenIsTakenInEveryDress", doors+"a_token_in_small_letters"),
		held("Every endpoint but JWKS", "api.TestEachRouteLetsInWhomTheContractNames", "api.TestTheKeysAreEverybodys", "api.TestTheDescriptionIsEverybodys"),
		held("`GET /openapi.yaml` **ours**: this contract for programs", "api.TestTheDescriptionIsEverybodys", "api.TestTheDescriptionHasTheRoutesThereAre", "api.TestExamplesAreWhatIsReallyAnswered"),
		held("`Cache-Control` is set", "api.TestTheDescriptionIsEverybodys"),
		held("Never answer 406", "api.TestAnAnswerIsNeverConfusedByWhatTheClientAccepts", doors+"an_Accept_of_nothing", doors+"an_error,_and_an_Accept_of_a_picture"),
		held("`global` is for the replay job", "api.TestAPUTOfGlobalIsForEveryRegionWhoseWebhookIsOn", "api.TestAGETOfGlobalIsTheJobsOfAllRegionsAsOne", "api.TestADELETEOfGlobalCancelsWhatIsThere", doors+"an_estimate_of_global"),
		held("`global` there is a 400 naming `region`", "api.TestGlobalIsRefusedWhereOneRegionIsMeant", doors+"global"),
		held("Roles: `admin` (all of it), `intake` (may only send entries)", "api.TestEachRouteLetsInWhomTheContractNames", "api.TestAProducerMayOnlySendEntries", "access.TestAnAdminMayAllAnIntakeMaySend"),
		held("Anything else: 403", "api.TestAProducerMayOnlySendEntries", doors+"role_may_not"),
		held("An unknown, revoked or expired token: 401", doors+"an_unknown_token", doors+"a_revoked_token", doors+"an_expired_token", "cmd/reprise.TestATokenExpiresWhenItsCommandSaid"),
		held("a revoked one at the latest a minute after", "api.TestARevokedTokenIsRefusedWithinAMinute", "cmd/reprise.TestATokenThatIsRevokedBesideAServiceIsRefusedWithinAMinute"),
		held("Success bodies are `application/json`", "api.TestAPUTIsAnsweredAsTheContractSays", "api.TestNoJobIsUnconfigured", "api.TestEntriesAreTakenInEveryDress/lines"),
		held("Error bodies are `application/problem+json`", "apigw.TestEveryRefusalHasTheHeadOfAProblem", "api.TestEveryErrorHasTheFormOfTheContract"),
		held("a 400 also always has a non-empty `invalid_parameters` list", "api.TestEveryErrorHasTheFormOfTheContract"),
		held("fail to decode an error that lacks one of these", "api.TestEveryErrorHasTheFormOfTheContract", "apigw.FuzzAnyEventIsAnswered"),
		held("`instance` is `reprise:trace:<id>`", doors+"a_job_is_running", "api.TestARequestIsOneLineOfTheLog"),
		held("the same id is in the logs", "contracttest.TestTheIdOfAnErrorIsInTheLog"),
	}, errors()...)
}

// errors is the table of them, then what stands below it.
func errors() []row {
	return []row{
		held("| body is not JSON of the right shape |", doors+"body_is_not_JSON_of_the_right_shape", doors+"PATCH_enabled:_a_string", doors+"PUT_start_at:_a_number", doors+"a_PUT_of_two_objects"),
		held("| required field missing or blank |", doors+"required_field_missing", doors+"a_time_that_is_blank", doors+"both_times_missing"),
		held("| not an RFC 3339 date-time |", doors+"not_an_RFC_3339_date-time", doors+"both_times_wrong"),
		held("| out of the allowed range |", doors+"out_of_the_allowed_range", doors+"the_end_in_the_future", doors+"the_end_before_the_start"),
		held("| endpoint is no URL, or not https, or points inside |", doors+"an_endpoint_that_is_no_URL", doors+"an_endpoint_by_http", doors+"an_endpoint_inside"),
		held("| unknown property in a webhook PATCH **ours** |", doors+"unknown_property"),
		held("names are cut to 100 bytes, 20 are shown", doors+"a_long_name", doors+"many_names"),
		held("| no, unknown, revoked, expired token |", doors+"no_token", doors+"an_unknown_token", doors+"a_revoked_token", doors+"an_expired_token"),
		held("| role may not |", doors+"role_may_not"),
		held("| a job is running |", doors+"a_job_is_running"),
		held("| unknown path / wrong method |", doors+"unknown_path", doors+"wrong_method", "apigw.TestA405NamesTheRightMethodsAtBothDoors"),
		held("| no job to cancel **ours** |", doors+"nothing_to_cancel", "api.TestADELETEOfWhatHasEndedOrNeverWasIsNotFound"),
		held("| body over the limit (64 KiB; of the intake §6) |", doors+"body_over_the_limit", doors+"entries_over_it"),
		held("| a webhook that is not configured or not enabled (PUT job)", doors+"webhook_not_enabled"),
		held("| `Reprise-Region` names an unknown region", doors+"an_unknown_region", doors+"two_regions"),
		held("or `global` is asked for where it is not taken", doors+"global"),
		held("| an entry that breaks a rule of §5 or §6", doors+"an_entry_without_its_name", "api.TestBadEntriesAreNamedByTheirLine/two_lines"),
		held("(in an array: the element's place from 1)", doors+"an_entry_in_an_array"),
		held("| the intake's Content-Type or Content-Encoding is none of §6", doors+"a_Content-Type", doors+"no_Content-Type", doors+"two_Content-Types", doors+"a_Content-Encoding"),
		held("| a value that breaks another rule (`log_format`, `authorization`", doors+"an_authorization_with_a_line's_end", doors+"a_log_format_that_there_is_not"),
		held("`detail`, a parameter of the query that is given twice", doors+"another_detail", doors+"two_details", doors+"a_start_that_comes_twice"),
		held("a query that cannot be read: `field: query`", doors+"?a=%zz", doors+"?a;b", "api.FuzzQuery"),
		held("500 Internal Server Error", "apigw.TestAFaultOfOursIsAnsweredAlikeAndTellsNothing/an_error", "apigw.TestAFaultOfOursIsAnsweredAlikeAndTellsNothing/a_panic"),
		held("(where our disk is full, too: send it again later)", "apigw.TestAFaultOfOursIsAnsweredAlikeAndTellsNothing/a_full_disk"),
		held("503 Service Unavailable when it took too long", "apigw.TestAFaultOfOursIsAnsweredAlikeAndTellsNothing/time_that_ran_out", "apigw.TestAFunctionThatIsShortOfTimeStillAnswers"),
		held("also when the body did not come in time", "api.TestABodyThatDoesNotComeInTimeIsNotTheProducersFault/a_timeout_of_the_network", "api.TestAClientThatStallsMayComeAgain"),
		held("| too many requests: the gateway's throttling; locally, more than 1,000 requests in flight", "apigw.TestAFaultOfOursIsAnsweredAlikeAndTellsNothing/too_many_in_flight", "local.TestOneRequestTooManyIsToldToComeBack", "local.TestTheBoundsAreTheContracts"),
		held("4,000 more whose bodies are on their way", "local.TestOnlySoManyMayWaitForTheirBodies", "local.TestTheBoundsAreTheContracts"),
		held("or 32 MiB of bodies (the first 8 KiB of each do not count)", "local.TestBodiesTakeOnlySoMuchMemoryWhileTheyAreOnTheirWay", "local.TestTheBoundsAreTheContracts"),
		held("one token may hold as much as it leaves free", "local.TestOneCallerLeavesAsMuchAsHeHolds"),
		held("429 with `Retry-After`", "api.TestBusyIsAnsweredWithATimeToComeBack"),
		held("everything that reaches a function is answered in it", "apigw.FuzzAnyEventIsAnswered", "apigw.TestABodyAsLongAsAnEventMayBeIsRefusedAsTooLarge", "apigw.TestAFunctionThatIsShortOfTimeStillAnswers"),
		held("400 for a broken head or two lengths", "cmd/reprise.TestBadInputIsRefusedAndTheRestIsServed/two_lengths", "cmd/reprise.TestBadInputIsRefusedAndTheRestIsServed/half_a_head"),
		held("431 for a head above 16 KiB", "cmd/reprise.TestBadInputIsRefusedAndTheRestIsServed/headers_of_1_MB"),
		held("501 for a transfer coding but `chunked`", "apigw.TestTheLocalServerReadsARequestAsTheGatewayWould/another_transfer_coding"),
	}
}
