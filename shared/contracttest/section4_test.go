package contracttest

// section4 is what the receiver gets.
func section4() []row {
	const form = "receiver.TestWhatIsNotTheFormOfTheContractIsRefusedWithTheReason/"
	const headers = "egress.TestABatchIsOneGzipMemberOfAtMost1MiBWithTheHeadersOfTheContract"
	const dialled = "egress.TestTheDialerAsksAboutEachAddress/"
	return []row{
		held("`POST`, body = a batch of entries, one per line, each line ended by `\\n`", headers, form+"an_open_line"),
		held("`Content-Type: text/plain; charset=utf-8`; `Content-Encoding: gzip`", headers, form+"another_type", form+"another_encoding"),
		held("the body is **one single gzip member**", headers, "chunk.TestIndependentDecodersReadEachBatchAsOneMember", form+"two_members"),
		held("A batch is at most 1 MiB **decoded** by default", headers, "chunk.TestABatchIsCutRightAtTheLimit", "chunk.TestTheLimitCountsWhatIsSent"),
		held("`Authorization` verbatim", "egress.TestTheAuthorizationIsSentVerbatim"),
		held("`Webhook-Id` (the batch id: the same for every retry and redelivery of the same batch", "egress.TestARetryIsTheSameBatchUnderTheSameIDWithTheNextAttempt", "chunk.TestBatchesHaveTheSameIDExactlyIfTheyHaveTheSameContent"),
		held("`Webhook-Timestamp` (Unix seconds), `Reprise-Delivery: replay`", headers, "egress.TestAPostCarriesTheHeadersOfTheContract"),
		held("(`test` for a test), `Reprise-Job` (not for a test)", "egress.TestATestSaysThatItIsOneAndNamesNoJob"),
		held("`Reprise-Region`, `Reprise-Attempt`, `Reprise-Entries`", headers, "egress.TestARetryIsTheSameBatchUnderTheSameIDWithTheNextAttempt"),
		held("`User-Agent: reprise/<version>`", headers, "egress.TestAPostCarriesTheHeadersOfTheContract"),
		held("(a release's tag, or the commit as Go writes it;", "egress.TestAVersionIsATagElseTheCommitElseDevel"),
		held("At least once: a batch may come again after a crash, under the same `Webhook-Id`", "crashtest.TestNothingAcknowledgedIsLostWhenTheProcessIsKilled", "simtest.TestNothingIsLostWhateverGoesWrong"),
		held("its entries may come again in another batch under another id", "chunk.TestALateChunkMakesAnotherBatch"),
		held("Entries of one request body come in order of time within a slice", "chunk.TestTheBatchesAreTheWindowsLinesAfterTheCursorInOrderOnce", "contracttest.TestEntriesOfOneBodyComeInOrderOfTime"),
		held("bodies that overlap in time are interleaved by runs of at most a minute", "chunk.TestPackCutsAtMinutesAndAtSize", "contracttest.TestEntriesOfOneBodyComeInOrderOfTime"),
		held("Slices run side by side in lanes (one lane: one after the other)", "sqlite.TestTheQueueKeepsItsContract/a_job_has_as_many_slices_at_work_as_it_has_lanes,_never_more", "sqlite.TestTheQueueKeepsItsContract/a_group's_slices_come_in_the_order_they_were_sent"),
		held("Any 2xx acknowledges the whole batch", "egress.TestAny2xxAcknowledgesTheWholeBatch"),
		held("Redirects are never followed: a 3xx is a failure", "egress.TestARedirectIsNotFollowedWhereverItLeads", "webhook.TestEveryAnswerHasItsVerdict/a_redirect_is_a_failure"),
		held("Connection error, timeout (15 s), 408, 425, 429, 5xx: tried again", "egress.TestAnErrorATimeout408425429And5xxAreTriedAgain", "egress.TestAPortWhereNobodyListensIsTriedAgain", "egress.TestAPostTakesFifteenSecondsAtMost/never_answers"),
		held("with exponential waits and full jitter, 1 s to 30 s between the first four tries, then 30 s to 15 min", "egress.TestWaitsGrowFromASecondToAQuarterOfAnHourWithFullJitter", "webhook.TestWaitsLieInTheirBounds"),
		held("for one hour in all since the first of them", "egress.TestAfterOneHourOfTriesTheJobFails", "local.TestWhatIsNotSetIsTheContracts"),
		held("or since the webhook was last changed (settings)", "egress.TestAChangedWebhookHasAllOfThePatienceAgain", stories+"a_webhook_that_was_changed_has_all_of_the_patience_again"),
		held("`Retry-After` (seconds or date) is honoured, capped at 15 min however large", "egress.TestRetryAfterIsWaitedUpToAQuarterOfAnHour", "webhook.TestRetryAfterIsHonoured"),
		held("also where the last try then comes after the hour", "egress.TestAReceiverThatAlwaysAsksForMoreTimeHasAnHourOfIt"),
		held("and of several headers the first counts", "egress.TestRetryAfterIsWaitedUpToAQuarterOfAnHour"),
		held("what is neither, or a date that is over, is ignored", "webhook.TestRetryAfterIsHonoured/a_date_that_is_over", "webhook.TestRetryAfterIsHonoured/words"),
		held("A name that is not found or leads inside is a connection error", "egress.TestANameWithoutAnAddressIsAFailureThatPasses", "egress.TestAnAddressThatTheGuardRefusesWhereItIsDialledIsTriedAgain"),
		held("413: the batch is halved and tried again", "egress.TestABatchOf413IsHalvedUntilItIsTakenAndStaysSmall"),
		held("A single entry that is still too large fails the job, which names it by its instant and size", "egress.TestA413ToASingleEntryFailsTheJobAndNamesTheEntry"),
		held("Any other 4xx or 3xx: the job fails at once and says why", "egress.TestAnyOtherAnswerFailsTheJobAtOnceAndSaysWhy"),
		held("410 also turns the webhook off", "egress.TestA410TurnsTheWebhookOff", store+"attempts/an_old_410_turns_nothing_off_after_the_webhook_was_changed"),
		held("A final answer to a POST of before the webhook was changed is none to the changed one", "egress.TestAFinalAnswerOfBeforeAChangeIsNoneToTheChangedWebhook"),
		held("TLS 1.2 or later", "egress.TestOnlyAReceiverWithProperTLSIsTaken/TLS_1.1", "egress.TestOnlyAReceiverWithProperTLSIsTaken/TLS_1.2"),
		held("No address inside: loopback, private, link-local, CGNAT, NAT64 and 6to4 wrapped ones, metadata", "egress.TestEveryAddressOfTheCorpusIsJudgedTheSameWhereItIsDialled", dialled+"loopback", dialled+"CGNAT", dialled+"NAT64", dialled+"6to4", dialled+"metadata"),
		held("checked on the address actually dialled, after DNS", "egress.TestANameThatResolvesInsideIsRefusedWhereItIsDialled", "egress.TestANameIsCheckedAnewOnEveryConnection", "egress.TestAReceiverThatClosesItsConnectionIsCheckedWhenItIsDialledAgain"),
		held("Of a name with several addresses only the public ones are dialled", "egress.TestOfAnAnswerWithBothOnlyWhatIsOutsideIsDialled"),
		held("A name that can lead nowhere but inside", "egress.TestEveryURLOfTheCorpusIsTakenOrRefusedAsItSays"),
		held("Local mode alone may allow http and loopback, by a flag", doors+"an_endpoint_by_http", doors+"an_endpoint_inside", "boot.TestAStartWithItsSettingsSaysNothing", "cmd/reprise.TestTheWelcomeOffersNoReceiverThatWouldBeRefused", "cmd/reprise.TestNoSecretIsSaidAnywhere"),
	}
}
