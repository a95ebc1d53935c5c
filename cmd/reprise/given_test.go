package main

import (
	"testing"

	"reprise/cmd/reprise/client"
)

func TestASettingIsOfAFlagElseTheNamedProfileElseTheEnvironmentElseTheProfile(t *testing.T) {
	none, flag, named := given{}, given{"token": true, "profile": true}, given{"profile": true}
	for name, row := range map[string]struct {
		on                         given
		value, kept, setting, from string
	}{
		"a flag beside a named profile":            {flag, "v", "k", "v", "--token"},
		"a named profile beside the environment":   {named, "v", "k", "k", "profile p"},
		"a named profile that says nothing":        {named, "v", "", "v", "REPRISE_TOKEN"},
		"the environment beside a profile":         {none, "v", "k", "v", "REPRISE_TOKEN"},
		"a profile alone":                          {none, "", "k", "k", "profile p"},
		"a flag that is empty, which says nothing": {flag, "", "k", "k", "profile p"},
		"nothing": {none, "", "", "", ""},
	} {
		if setting, from := row.on.first("token", row.value, row.kept, "profile p"); setting != row.setting || from != row.from {
			t.Errorf("%s: %q of %q, want %q of %q", name, setting, from, row.setting, row.from)
		}
	}
}

func TestWhoeverIsNotSignedInIsToldWhichTokenWasRefused(t *testing.T) {
	const refused = " is not known there, revoked or expired: "
	for from, want := range map[string]string{
		"REPRISE_TOKEN": "The token of REPRISE_TOKEN" + refused + "set it to another, or unset it to use the profile's; a profile that --profile names goes before it.",
		"profile prod":  "The token of profile prod" + refused + `sign in again with "reprise login --profile prod".`,
		"--token":       "The token of --token" + refused + `sign in with "reprise login", or set REPRISE_TOKEN to another.`,
		"":              "The token" + refused + `sign in with "reprise login", or set REPRISE_TOKEN to another.`,
	} {
		if got := advice(&client.Refusal{Status: 401, TokenFrom: from}); got != want {
			t.Errorf("of %q: %q, want %q", from, got, want)
		}
	}
}
