package contracttest

// section7 is the page, in a browser.
func section7() []row {
	const (
		setup  = "console.TestAWebhookIsSetUpAndTriedByKeyboard"
		preset = "console.TestEachPresetSendsWhatItSays"
		custom = "console.TestACustomRangeIsTakenInTheCalendar"
		watch  = "console.TestAReplayIsWatchedRefusedCancelledAndSentAgain"
		failed = "console.TestAFailedReplaySaysWhyAndWhatToDo/"
		kept   = "console.TestATokenIsKeptForItsTabAlone"
		silent = "console.TestATabWithoutAConnectionSaysSoAndComesBack"
	)
	return []row{
		held("One card per region", "console.TestThePageIsSignedInToByKeyboard"),
		held("status badge (Active, Inactive, Unconfigured) and title", "console.TestThePageIsSignedInToByKeyboard", setup),
		held("tabs **Setup** (endpoint, authorization header shown as \"Saved\" and never its value, log format, skip verification, Enabled/Disabled, Save)", setup),
		held("Last 15 minutes, Last hour, Last 6 hours, Last 12 hours, Last 24 hours", preset),
		held("a custom range of up to seven days", custom),
		held("**Send Replay**; a table Status, Starts at, Ends at, Updated at, with a reload button", custom, failed+"gone"),
		held("Beyond that **ours**: live progress", watch),
		held("the reason of a failure and what to do about it", failed+"another_authorization", failed+"gone", "console.TestAWebhookThatIsTurnedOffMeanwhileEndsAReplay"),
		held("cancel, an estimate before sending, **Send again**", watch),
		held("a test entry with what the receiver answered", setup, "console.TestWhatAReceiverSaysToATestEntryIsShown"),
		held("a card of all regions where there are several", "console.TestAllRegionsAreReplayedAsOne", "console.TestOneRegionAloneHasNoCardOfAll", "console.TestAHostThatNamesARegionHasItsCardAlone", "console.TestAHostThatMeansAllRegionsLeadsToEach"),
		held("It asks by §1 to §3 alone, and for nothing before there is a token", "console.TestATokenIsInNoURLAndNoHeaderButItsOwn", "console.TestTheFormIsPaintedBeforeAnythingIsAsked"),
		held("The token is sent as `Authorization` and stands in no URL", "console.TestATokenIsInNoURLAndNoHeaderButItsOwn"),
		held("The browser keeps it for the tab, in `sessionStorage`, until **Sign out** or a 401; it keeps nothing else", kept, "console.TestARevokedTokenLeadsBackToTheForm"),
		held("It loads nothing that is not served beside it", "console.TestThePageNamesNobodyElse", "api.TestThePageNamesWhatThereIs"),
		held("its `Content-Security-Policy` allows neither another origin", "api.TestThePageIsEverybodysAndLoadsNothingOfOthers"),
		held("All its files have less than 100,000 bytes", "console.TestThePageIsSmall"),
		held("the form to sign in is shown before anything is answered", "console.TestTheFormIsPaintedBeforeAnythingIsAsked"),
		held("Times are shown by the browser's clock, whose zone is named, and in UTC", custom),
		held("Of an hour that the clock shows twice", "console.TestTheClockIsReadInEveryZone"),
		held("A live job is followed by itself", watch),
		held("where nothing happens, nothing is asked", "console.TestNothingIsAskedWhileNothingHappens"),
		held("Without an answer the page says so, keeps what it knew, and comes back by itself", silent, "console.TestAServiceThatFailsIsToldAndAskedAgain", "console.TestARequestThatTakesLongIsSaidToDoSo"),
		held("a 401 leads back to the form", "console.TestARevokedTokenLeadsBackToTheForm"),
		held("a 403 says which role is needed", "console.TestAProducersTokenIsToldWhatItMay"),
		held("a 409 what is running", watch),
		held("The keyboard alone is enough, down to 360 pixels, dark and light", setup, preset, custom, watch),
		held("WCAG 2.2 AA, as far as axe-core can tell", setup, custom, watch, silent, "console.TestNothingMovesForWhoLikesItLess", "console.TestThePageIsWholeInForcedColors"),
	}
}
