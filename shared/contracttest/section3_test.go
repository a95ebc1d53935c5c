package contracttest

// section3 is the webhook.
func section3() []row {
	const patch, bad, life = "api.TestAPatchMerges/", "api.TestABadPatchIsRefusedAndStoresNothing/", "webhook.TestAStatusIsWhatTheWebhooksLifeComesTo/"
	const endpoint = "egress.TestAnEndpointIsRefusedWithTheReasonThatCompletesTheSentence/"
	return []row{
		held("`PATCH /v2/audit-log-webhook`; `GET .../status`; `GET .../jwks.json`", "api.TestEveryRouteIsAnswered"),
		held("PATCH merges; nothing is required", patch+"all_of_it", patch+"an_endpoint", patch+"nothing", "api.TestPatchesAtTheSameTimeAreAllMerged"),
		held("**`null` means \"not given\"**", patch+"nulls", doors+"PATCH_endpoint:_null", doors+"PATCH_authorization:_null", doors+"PATCH_enabled:_null"),
		held("`endpoint` (https URL, on port 443", bad+"http", "egress.TestEveryURLOfTheCorpusIsTakenOrRefusedAsItSays", "egress.TestTheDialerAsksAboutEachAddress"),
		held("without user, password or fragment", endpoint+"a_user", endpoint+"a_fragment"),
		held("ASCII: an international host name in punycode", doors+"a_patch", "egress.TestEveryURLOfTheCorpusIsTakenOrRefusedAsItSays"),
		held("a service that was told to take addresses inside takes http and any port", endpoint+"IPv6_loopback_in_local_mode", "local.TestAReplayGoesFromPUTToTheReceiver"),
		held("`authorization` (sent verbatim as the `Authorization` header; any scheme)", "egress.TestTheAuthorizationIsSentVerbatim"),
		held("`enabled` (default false)", patch+"an_endpoint", "api.TestAWebhookBeforeAnyPatchIsUnconfigured"),
		held("`log_format` (`cef` default, `json`, `cps`", "webhook.TestAFirstPatchIsWrittenAsCEF", patch+"cef", patch+"cps", bad+"an_unknown_format"),
		held("`skip_ssl_verification` (default false)", patch+"an_endpoint", patch+"all_of_it", "egress.TestTLS12IsTheLeastAndTheCertificateMustBeKnownUnlessTheCustomerSkipsThat"),
		held("Enabling needs an endpoint and an authorization that are not blank", bad+"enabling_nothing", doors+"enabled_without_an_authorization", "webhook.TestAnEnabledWebhookAlwaysHasWhereToAndWithWhat"),
		held("The response has `endpoint, enabled, log_format, skip_ssl_verification, updated_at`", doors+"the_webhook", "api.TestAWebhookIsShownWithoutItsAuthorization"),
		held("**`authorization` is never in any response, log line or error.**", "cmd/reprise.TestNoSecretIsSaidAnywhere", "api.TestAnAuthorizationIsInNoAnswer", "api.TestNoSecretOfARequestIsLogged", "egress.TestNothingOfAnAuthorizationIsShown"),
		held("`endpoint: \"unconfigured\"` (that literal: a real client checks for it)", "api.TestAWebhookBeforeAnyPatchIsUnconfigured"),
		held("zero `updated_at`", "api.TestAWebhookBeforeAnyPatchIsUnconfigured"),
		held("status: `webhook_enabled`, `webhook_status`", life+"never_configured", "api.TestTheStatusShowsTheTest"),
		held("once there was an attempt `last_attempt_at`, `last_response_code`, `last_response_message`", "api.TestTheStatusShowsTheTest", "webhook.TestAnAttemptIsWhatTheStatusShowsOfAnAnswer"),
		held("Enabled and never tried, or the last attempt succeeded: `active`", life+"enabled,_never_tried", life+"the_last_attempt_succeeded"),
		held("The last attempt failed: `inactive`", life+"the_last_attempt_failed", life+"nobody_answered_the_last_attempt"),
		held("until the next success or a changed endpoint or authorization", life+"the_next_success", life+"failed,_then_another_endpoint", life+"failed,_then_another_authorization", life+"failed,_then_only_another_format"),
		held("Configured and disabled: `inactive`", life+"disabled", life+"configured,_never_enabled"),
		held("jwks.json needs no token", "api.TestTheKeysAreEverybodys", "api.TestEachRouteLetsInWhomTheContractNames/GET_/v2/audit-log-webhook/jwks.json"),
		held("base64url without padding, **current signing key first**", "auditlog.TestAJWKSShowsPublicKeysInTheOrderGiven", "auditlog.TestOpenSSLVerifiesALineWithTheKeyOfTheJWKS"),
		held("then the retired ones", store+"keys/the_key_added_last_signs,_the_others_stay_published,_newest_first", "cmd/reprise.TestTheCommandLineDoesWhatItsScriptsSay/keys"),
		held("`Cache-Control` is set", "api.TestTheKeysAreEverybodys"),
		held("`POST /v2/audit-log-webhook/test` **ours**: sends one signed test entry", "api.TestATestSendsOneSignedEntryAsAReplayWould"),
		held("as configured, enabled or not", "api.TestATestSendsOneSignedEntryAsAReplayWould", "api.TestATestNeedsNoBodyAndReadsNone"),
		held("`duration_ms`, or the reason why nothing was sent", "api.TestATestSaysWhatCameOfIt", "api.TestWithoutASigningKeyNothingIsSent"),
	}
}
