package auditlog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

const org = "b065b594-6afc-4658-9101-5d9cf3f36b7b"

// now is some minutes after the instant 1750000000000 that the stories happen at.
func now() time.Time { return time.UnixMilli(1750000000000).Add(3 * time.Minute).UTC() }

// form is a line with the canonical form it is brought to; ORG stands for the organization.
type form struct{ name, line, want string }

func (s form) check(t *testing.T) {
	t.Run(s.name, func(t *testing.T) {
		e, err := Parse([]byte(strings.ReplaceAll(s.line, "ORG", org)), org, now())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.ReplaceAll(s.want, "ORG", org), string(e.Raw)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnEntryIsBroughtToItsCanonicalForm(t *testing.T) {
	for _, s := range []form{
		{
			"keys are put in byte order",
			`{"z":1,"name":"n","a":2,"rt":1750000000000,"event_class_id":"c","Z":3}`,
			`{"Z":3,"a":2,"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000,"z":1}`,
		},
		{
			"whitespace goes, inside nested values too, but not in strings",
			" \t{ \"x\" : { \"b\" : [ 1 , \" a , b \" ] , \"a\" : { } } ,\r\n\"name\": \"n n\",\"rt\":1750000000000,\"event_class_id\":\"c\" } \n",
			`{"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n n","org_id":"ORG","rt":1750000000000,"x":{"b":[1," a , b "],"a":{}}}`,
		},
		{
			"nested values keep their order and may repeat a key",
			`{"x":{"b":1,"a":2,"b":3},"name":"n","rt":1750000000000,"event_class_id":"c"}`,
			`{"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000,"x":{"b":1,"a":2,"b":3}}`,
		},
		{
			"numbers are kept to the digit",
			`{"a":18446744073709551617,"b":1.10,"c":1E+2,"d":-0,"e":0.1e-999,"name":"n","rt":1750000000000,"event_class_id":"c","trace_id":13781734068974605790}`,
			`{"a":18446744073709551617,"b":1.10,"c":1E+2,"d":-0,"e":0.1e-999,"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000,"trace_id":13781734068974605790}`,
		},
		{
			"strings keep their escapes",
			`{"a":"\u0041\/\ud83d\uDE00é\u00e9 <&>","name":"\u006e","rt":1750000000000,"event_class_id":"c"}`,
			`{"a":"\u0041\/\ud83d\uDE00é\u00e9 <&>","event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"\u006e","org_id":"ORG","rt":1750000000000}`,
		},
		{
			"keys are read, then written with as few escapes as can be",
			`{"\u0061\/\u00e9\ud83d\ude00\u0022\\\u000A\u001F":1,"n\u0061me":"n","rt":1750000000000,"event_class_id":"c"}`,
			`{"a/é😀\"\\\n\u001f":1,"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000}`,
		},
		{
			"an empty key is a key",
			`{"":null,"name":"n","rt":1750000000000,"event_class_id":"c"}`,
			`{"":null,"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000}`,
		},
	} {
		s.check(t)
	}
}

func TestKnownKeysAreBroughtToTheirTypeWhereNothingIsLost(t *testing.T) {
	for _, s := range []form{
		{
			"numbers and booleans that came as strings become what they are",
			`{"rt":"1750000000000","severity":"10","cef_version":"0","status":"201","success":"true","granted":"false","kong_initiated":"tr\u0075e","name":"n","event_class_id":"c"}`,
			`{"cef_version":0,"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","granted":false,"kong_initiated":true,"name":"n","org_id":"ORG","rt":1750000000000,"severity":10,"status":201,"success":true}`,
		},
		{
			"strings that came as numbers or booleans become strings",
			`{"event_version":1.0,"principal_id":12345678901234567890,"query":true,"name":5,"event_class_id":6e1,"rt":1750000000000}`,
			`{"event_class_id":"6e1","event_ts":"2025-06-15T15:06:40Z","event_version":"1.0","name":"5","org_id":"ORG","principal_id":"12345678901234567890","query":"true","rt":1750000000000}`,
		},
		{
			"a trace_id that is a string stays one",
			`{"trace_id":"13781734068974605790","name":"n","event_class_id":"c","rt":1750000000000}`,
			`{"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000,"trace_id":"13781734068974605790"}`,
		},
		{
			"the organization of the token may be given",
			`{"org_id":"ORG","name":"n","event_class_id":"c","rt":1750000000000}`,
			`{"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000}`,
		},
		{
			"empty values of optional keys stay",
			`{"user_agent":"","name":"n","event_class_id":"c","rt":1750000000000}`,
			`{"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"ORG","rt":1750000000000,"user_agent":""}`,
		},
	} {
		s.check(t)
	}
}

func TestTheContractsSampleLinesAreTaken(t *testing.T) {
	stories := []struct {
		name, line string
		at         int64
		changed    [2]string
	}{
		{"authorization", sampleAuthorization, 1682715129807, [2]string{`"cef_version":"0"`, `"cef_version":0`}},
		{"access", sampleAccess, 1684196881193, [2]string{`"rt":"1684196881193"`, `"rt":1684196881193`}},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			at := time.UnixMilli(s.at).UTC()
			_, err := Parse([]byte(s.line), org, at)
			wantRefusal(t, err, "sig invalid must not be given")

			unsigned := s.line[:strings.Index(s.line, `,"sig"`)] + "}"
			e, err := Parse([]byte(unsigned), org, at)
			if err != nil {
				t.Fatal(err)
			}
			want := Entry{At: at, Raw: []byte(strings.Replace(unsigned, s.changed[0], s.changed[1], 1))}
			if diff := cmp.Diff(want, e); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnEntryDoesNotChangeWithTheLineItWasReadFrom(t *testing.T) {
	line := []byte(`{"name":"n","event_class_id":"c","rt":1750000000000,"x":"kept"}`)
	e, err := Parse(line, org, now())
	if err != nil {
		t.Fatal(err)
	}
	want := string(e.Raw)
	clear(line)
	if string(e.Raw) != want {
		t.Errorf("became %s", e.Raw)
	}
}

func TestALineSaysItsInstant(t *testing.T) {
	e, err := Parse([]byte(`{"a":{"rt":1},"b":",\"rt\":2","name":"n","event_class_id":"c","event_ts":"2025-06-15T15:06:40.9876Z"}`), org, now())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range [][]byte{e.Raw, testKey(t).Sign(nil, e)} {
		if at, ok := At(line); !ok || !at.Equal(e.At) {
			t.Errorf("At(%s) = %v, %v; want %v", line, at, ok, e.At)
		}
	}
	for _, line := range []string{``, `{}`, `{"a":1}`, `{"rt":"1750000000000"}`, `{"rt":-1}`, `{"a":`, `[1]`, `{"a":{"rt":1}}`} {
		if at, ok := At([]byte(line)); ok {
			t.Errorf("At(%s) = %v", line, at)
		}
	}
}

// wantRefusal checks that err is an InputError of these "field rule reason" lines.
func wantRefusal(t *testing.T, err error, want ...string) {
	t.Helper()
	var bad replay.InputError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want an InputError", err)
	}
	var got []string
	for _, v := range bad {
		got = append(got, strings.Join([]string{v.Field, v.Rule, v.Reason}, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const sampleAuthorization = `{"action":"read","cef_version":"0","event_class_id":"identity","event_product":"Konnect","event_ts":"2023-04-28T20:52:09Z","event_vendor":"KongInc","event_version":"1.0","granted":true,"name":"Authz.identity-provider","org_id":"b065b594-6afc-4658-9101-5d9cf3f36b7b","principal_id":"87655c36-8d63-48fe-9a1e-53b28dfbc19b","rt":1682715129807,"severity":1,"src":"127.0.0.6","trace_id":3895213347334635099,"user_agent":"grpc-go/1.54.0","sig":"Jm73seSwAiacSBysDmgQ3D_R_1c39_T0Iuus9GqUEnAjCc-UnyKhFgS8jDx5UIl4J6PTCH5ouuPizwnjnMDECg"}`

const sampleAccess = `{"act":"POST","cef_version":0,"event_class_id":"KongGateway","event_product":"Konnect","event_ts":"2023-05-16T00:28:01Z","event_vendor":"KongInc","event_version":"1.0","name":"Ingress","org_id":"b065b594-6afc-4658-9101-5d9cf3f36b7b","principal_id":"87655c36-8d63-48fe-9a1e-53b28dfbc19b","query":"{}","request":"/konnect-api/api/runtime_groups/1c026712-c17d-4e30-ac27-53a6cdc56b9c/services","rt":"1684196881193","severity":1,"src":"127.0.0.6","status":201,"trace_id":6891110586028963295,"user_agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 Safari/537.36","sig":"N_4q2pCgeg0Fg4oGJSfUWKScnTCiC79vq8PIX6Sc_rwaxdWKpVfPwkW45yK_oOFV9gHOmnJBffcB1NmTSwRRDg"}`
