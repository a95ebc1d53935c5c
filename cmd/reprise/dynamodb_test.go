package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
	"reprise/shared/dynamo"
	"reprise/shared/replay"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// said is what came of a command.
type said struct {
	code     int
	out, err string
}

func command(t *testing.T, args ...string) said {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, nil, &out, &err)
	return said{code, out.String(), err.String()}
}

// cloud is the tables of the template at a DynamoDB Local, which the environment names as an operator's would. Credentials
// of whoever runs this are no part of it.
func cloud(t *testing.T) (*dynamo.Tokens, *dynamo.Keys) {
	t.Helper()
	server, err := stack.StartDynamoDB(t.Context())
	stacktest.Need(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	db := dynamo.NewClient(stack.Credentials(), server.DynamoDB())
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	names, err := template.CreateTables(t.Context(), db, "audit-")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": server.URL, "AWS_REGION": stack.Region, "AWS_ACCESS_KEY_ID": "reprise", "AWS_SECRET_ACCESS_KEY": "reprise",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"REPRISE_STORE": inTables, "TOKENS_TABLE": names["TokensTable"], "KEYS_TABLE": names["KeysTable"], "REPRISE_ORG": "",
	} {
		t.Setenv(name, value)
	}
	return dynamo.NewTokens(db, names["TokensTable"]), dynamo.NewKeys(db, names["KeysTable"])
}

func TestTheTablesOnAWSAreWorkedOnAsTheDataFileIs(t *testing.T) {
	tokens, keys := cloud(t)
	t.Run("a token is made, shown and revoked", func(t *testing.T) { makeShowRevoke(t, tokens) })
	t.Run("the first key is made once", func(t *testing.T) {
		first := command(t, "keys", "init")
		again := command(t, "keys", "init", "--store", "dynamodb", "--table", os.Getenv("KEYS_TABLE"))
		if first.code != exitOK || again.code != exitOK || first.out != again.out ||
			!strings.Contains(first.err, ", in table audit-KeysTable, was made, ") || !strings.Contains(again.err, " signs already: nothing was changed") {
			t.Errorf("%+v\n%+v", first, again)
		}
		public, err := keys.PublicKeys(t.Context())
		if err != nil || len(public) != 1 || public[0].ID+"\n" != first.out {
			t.Errorf("%v, %v", public, err)
		}
	})
	t.Run("a new key goes before the old one", func(t *testing.T) { rotate(t, keys) })
	t.Run("what cannot be done says why", troubles)
}

func rotate(t *testing.T, keys *dynamo.Keys) {
	before, err := keys.PublicKeys(t.Context())
	if err != nil || len(before) != 1 {
		t.Fatal(before, err)
	}
	made := command(t, "keys", "rotate")
	want := ", in table audit-KeysTable, signs from now on; key " + before[0].ID + " is retired and stays published.\n"
	if made.code != exitOK || !strings.HasSuffix(made.err, want) {
		t.Errorf("%+v", made)
	}
	again := command(t, "keys", "rotate", "--store", "dynamodb", "--table", os.Getenv("KEYS_TABLE"))
	public, err := keys.PublicKeys(t.Context())
	if err != nil || len(public) != 3 || public[0].ID+"\n" != again.out || public[1].ID+"\n" != made.out || public[2].ID != before[0].ID {
		t.Errorf("%+v, %v", public, err)
	}
	if key, err := keys.SigningKey(t.Context()); err != nil || key.ID != public[0].ID {
		t.Errorf("%v, %v", key, err)
	}
}

func makeShowRevoke(t *testing.T, tokens *dynamo.Tokens) {
	made := command(t, "token", "create", "--org", "acme", "--role", "admin", "--label", "ops", "--expires", "1h")
	other := command(t, "token", "create", "--org", "other", "--role", "intake", "--label", "gateway")
	if made.code != exitOK || other.code != exitOK || !strings.Contains(made.err, `Token "ops" of organization acme, role admin, in table audit-TokensTable; it expires at `) {
		t.Fatalf("%+v\n%+v", made, other)
	}
	hash := access.HashOf(strings.TrimSpace(made.out))
	token, err := tokens.Token(t.Context(), hash)
	if err != nil || !token.Valid(time.Now()) || token.Valid(time.Now().Add(2*time.Hour)) || token.Principal != (access.Principal{Org: "acme", Label: "ops", Role: access.Admin}) {
		t.Errorf("%+v, %v", token, err)
	}

	list := command(t, "token", "list", "--org", "acme", "--output", "json")
	var shown []shownToken
	if err := json.Unmarshal([]byte(list.out), &shown); err != nil {
		t.Fatal(err, list)
	}
	if diff := cmp.Diff([]shownToken{{hash.ID(), "acme", access.Admin, "ops", token.Made, token.Expires, time.Time{}}}, shown); diff != "" {
		t.Error(diff)
	}
	if table := command(t, "token", "list", "--org", "acme"); !strings.Contains(table.out, hash.ID()) || strings.Contains(table.out+list.out, access.Prefix) || strings.Contains(table.out, "gateway") {
		t.Errorf("%+v", table)
	}

	if got := command(t, "token", "revoke", "--org", "other", hash.ID()); got.code != exitFailed || !strings.Contains(got.err, "no token "+hash.ID()+" in table audit-TokensTable of organization other") {
		t.Errorf("%+v", got)
	}
	if got := command(t, "token", "revoke", "--org", "acme", hash.ID()); got.code != exitOK || !strings.Contains(got.err, " is revoked: ") {
		t.Errorf("%+v", got)
	}
	revoked, err := tokens.Token(t.Context(), hash)
	if err != nil || revoked.Valid(time.Now()) {
		t.Errorf("%+v, %v", revoked, err)
	}
	if got := command(t, "token", "revoke", "--org", "acme", hash.ID()); got.code != exitOK || !strings.Contains(got.err, " was revoked already, at ") {
		t.Errorf("%+v", got)
	}
	token.Revoked = revoked.Revoked
	if again, err := tokens.Token(t.Context(), hash); err != nil || again != token {
		t.Errorf("%+v, %v, want %+v", again, err, token)
	}
	if _, err := tokens.Token(t.Context(), access.HashOf("rpr_nobody")); !errors.Is(err, replay.ErrNotFound) {
		t.Error(err)
	}
}

// troubles: each names what is wrong, within moments.
func troubles(t *testing.T) {
	for name, c := range map[string]struct {
		setting, value string // changed for this one
		args           []string
		code           int
		want           string
	}{
		"no such table":      {"TOKENS_TABLE", "nowhere", []string{"list", "--org", "acme"}, exitFailed, "There is no such table in that account and region: "},
		"no name of a table": {"TOKENS_TABLE", "", []string{"list", "--org", "acme"}, exitUsage, "--table: must be given with --store dynamodb"},
		"no organization":    {"REPRISE_ORG", "", []string{"list"}, exitUsage, "--org: must be given with --store dynamodb"},
		"no region":          {"AWS_REGION", "", []string{"list", "--org", "acme"}, exitFailed, "no AWS region is known: set AWS_REGION"},
		"no credentials":     {"AWS_ACCESS_KEY_ID", "", []string{"list", "--org", "acme"}, exitFailed, "no credentials for AWS were found: set AWS_PROFILE"},
		"no such profile":    {"AWS_PROFILE", "nobody", []string{"list", "--org", "acme"}, exitFailed, "reading the configuration of AWS: "},
		"nobody answers":     {"AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1", []string{"list", "--org", "acme"}, exitFailed, "connection refused"},
		"a table of keys":    {"TOKENS_TABLE", os.Getenv("KEYS_TABLE"), []string{"create", "--org", "acme", "--role", "admin", "--label", "x"}, exitFailed, "saving the token: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_DEFAULT_REGION", "")
			t.Setenv(c.setting, c.value)
			got := command(t, append([]string{"token"}, c.args...)...)
			if got.code != c.code || got.out != "" || !strings.Contains(got.err, c.want) {
				t.Errorf("%+v, want %d and %q", got, c.code, c.want)
			}
		})
	}
}
