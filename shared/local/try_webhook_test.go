package local

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"reprise/shared/receiver"
)

// A webhook is tested before it is on, by a receiver that checks the signature of every line; a replay finds it as it was.
func TestAWebhookIsTestedBeforeItIsOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	p := start(t, file, 1)
	defer p.stop()
	secret := token(t, file)
	status := func(enabled bool, want string, code any) {
		t.Helper()
		n, answer := p.call(secret, "GET", hookPath+"/status", "")
		if n != 200 || answer["webhook_enabled"] != enabled || answer["webhook_status"] != want || answer["last_response_code"] != code {
			t.Error(n, answer)
		}
	}
	status(false, "unconfigured", nil)
	got := receiver.New(receiver.Options{Keys: receiver.JWKS{URL: p.base + hookPath + "/jwks.json"}.Keys, Authorization: "Bearer hook", First: []int{410}})
	hook := httptest.NewServer(got)
	defer hook.Close()
	if code, answer := p.call(secret, "PATCH", hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":"Bearer hook"}`, hook.URL)); code != 200 || answer["enabled"] != false {
		t.Fatal(code, answer)
	}
	for n, want := range []float64{410, 200, 200, 200} {
		if n > 0 { // each format in turn
			p.call(secret, "PATCH", hookPath, fmt.Sprintf(`{"log_format":%q}`, []string{"", "json", "cps", "cef"}[n]))
		}
		if code, answer := p.call(secret, "POST", hookPath+"/test", ""); code != 200 || answer["response_code"] != want || answer["duration_ms"] == nil {
			t.Error(code, answer)
		}
		status(false, "inactive", want)
	}
	p.configure(secret, hook.URL)
	status(true, "active", 200.0)
	put := p.produce(secret, 10)
	if code, answer := p.call(secret, "PUT", jobPath, put); code != 202 {
		t.Fatal(code, answer)
	}
	p.until(secret, "completed")
	if sum := got.Summary(); sum.Entries != 13 || sum.RightSignatures != 13 || sum.Repeated+sum.Duplicates > 0 || sum.Unauthorized > 0 {
		t.Errorf("%+v", sum)
	}
}
