package webhook_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"reprise/shared/webhook"
)

const value = "Bearer hunter2"

func TestASecretIsNotPrintedByAnyVerb(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%#q", "%x", "%X", "% x", "%d", "%T", "%10s", "%.3s", "%U"} {
		for _, arg := range []any{webhook.Secret(value), new(webhook.Secret(value)), saved(), []webhook.Secret{value}, map[webhook.Secret]int{value: 1}} {
			got := fmt.Sprintf(verb, arg)
			for _, leak := range []string{value, "hunter2", "Bearer", fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), "t0k3n"} {
				if strings.Contains(got, leak) {
					t.Errorf("%s of %T gives %s", verb, arg, got)
				}
			}
		}
	}
	if got := fmt.Sprint(webhook.Secret(value)); got != "***" {
		t.Error(got)
	}
	if got := webhook.Secret(value).String(); got != "***" {
		t.Error(got)
	}
}

func TestASecretIsNotInJSONNorXMLNorLogs(t *testing.T) {
	t.Parallel()
	c := saved()
	c.Authorization = value
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("x", "config", c, "secret", c.Authorization, "pointer", &c)
	}
	if err := json.NewEncoder(&out).Encode([]any{c, &c, c.Authorization}); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&out).Encode(c.Authorization); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hunter2") || strings.Count(out.String(), "***") < 6 {
		t.Error(out.String())
	}
}

func TestAConversionGivesASecretAway(t *testing.T) {
	t.Parallel()
	if string(webhook.Secret(value)) != value {
		t.Error("an adapter could not store it")
	}
}
