package auditlog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAJWKSShowsPublicKeysInTheOrderGiven(t *testing.T) {
	k := testKey(t).Public()
	old := PublicKey{ID: `o"ld`, Public: make([]byte, 32)}
	const want = `{"keys":[` +
		`{"kty":"OKP","alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},` +
		`{"kty":"OKP","alg":"EdDSA","kid":"o\"ld","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`
	set := JWKS([]PublicKey{k, old})
	if diff := cmp.Diff(want, string(set)); diff != "" {
		t.Error(diff)
	}
	got, err := ParseJWKS(set)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]PublicKey{k, old}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAJWKSWithoutKeysIsOne(t *testing.T) {
	if got := string(JWKS(nil)); got != `{"keys":[]}` {
		t.Errorf("got %s", got)
	}
	if keys, err := ParseJWKS([]byte(`{"keys":[]}`)); err != nil || len(keys) != 0 {
		t.Errorf("got %v, %v", keys, err)
	}
}

func TestKeysOfOtherTypesArePassedOver(t *testing.T) {
	keys, err := ParseJWKS([]byte(`{"more":1,"keys":[
		{"kty":"RSA","alg":"RS256","kid":"rsa","n":"AQAB","e":"AQAB","use":"sig"},
		{"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
		{"kty":"OKP","crv":"X25519","kid":"x","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"},
		{"kty":"OKP","crv":"Ed25519","alg":"none","x":""},
		{"kty":"OKP","crv":"Ed25519","kid":"bare","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","kid":"new","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	public := testKey(t).Public().Public
	if diff := cmp.Diff([]PublicKey{{"bare", public}, {"new", public}}, keys); diff != "" {
		t.Error(diff)
	}
}

func TestABadJWKSIsAnError(t *testing.T) {
	stories := map[string]string{
		"nothing":                ``,
		"no JSON":                `<html>`,
		"no keys":                `{}`,
		"keys that are no array": `{"keys":{}}`,
		"something after it":     `{"keys":[]} x`,
		"a short x":              `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKx"}]}`,
		"an x with padding":      `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="}]}`,
		"an x in plain base64":   `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
	}
	for name, set := range stories {
		if keys, err := ParseJWKS([]byte(set)); err == nil {
			t.Errorf("%s: got %v", name, keys)
		}
	}
}
