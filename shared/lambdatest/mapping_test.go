package lambdatest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/stack"
)

// TestAFailedBatchOfTheStreamIsHandledAsTheMappingSays hands five records over, of which r3 is poison, to functions that fail in their ways.
func TestAFailedBatchOfTheStreamIsHandledAsTheMappingSays(t *testing.T) {
	const poison = "r3"
	whole := func([]string) (string, error) { return "", &FunctionError{"it panicked"} }
	report := func(id string) func([]string) (string, error) {
		return func([]string) (string, error) {
			return fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, id), nil
		}
	}
	for name, c := range map[string]struct {
		event  stack.Event
		fails  func(batch []string) (string, error) // with the poison in the batch
		calls  []string                             // what the function was given
		failed string                               // from and to, of what was given up
		wrong  bool
	}{
		"the sequence number is reported": {
			stack.Event{ReportsItems: true, Bisects: true, Retries: 1},
			report(poison),
			[]string{"r1 r2 r3 r4 r5", "r3 r4 r5", "r3 r4 r5"},
			"r3-r5", false,
		},
		"something else is reported": {
			stack.Event{ReportsItems: true, Bisects: true, Retries: 0},
			report("an event id"),
			[]string{"r1 r2 r3 r4 r5", "r1 r2", "r3 r4 r5", "r3", "r4 r5"},
			"r3-r3", true,
		},
		"it fails as a whole and bisects": {
			stack.Event{ReportsItems: true, Bisects: true, Retries: 1},
			whole,
			[]string{"r1 r2 r3 r4 r5", "r1 r2", "r3 r4 r5", "r3", "r3", "r4 r5"},
			"r3-r3", false,
		},
		"it fails as a whole and does not": {
			stack.Event{ReportsItems: true, Retries: 1}, whole, []string{"r1 r2 r3 r4 r5", "r1 r2 r3 r4 r5"}, "r1-r5", false,
		},
		"reports are not asked for": {
			stack.Event{Retries: 1}, report(poison), []string{"r1 r2 r3 r4 r5"}, "", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls, failed, wrong := handFive(t, c.event, poison, c.fails)
			if diff := cmp.Diff(c.calls, calls); diff != "" || failed != c.failed || (wrong != nil) != c.wrong {
				t.Errorf("calls (-want +got):\n%s\ngiven up: %q, want %q; wrong: %v", diff, failed, c.failed, wrong)
			}
		})
	}
}

// handFive hands r1 to r5 over in one batch: what the function was given, what was given up, and what is wrong.
func handFive(t *testing.T, event stack.Event, poison string, fails func([]string) (string, error)) (calls []string, failed string, wrong error) {
	m := &streamMapping{
		Event: event, wrong: func(err error) { wrong = err },
		call: func(_ context.Context, event []byte) ([]byte, error) {
			var e struct{ Records []string }
			if err := json.Unmarshal(event, &e); err != nil {
				t.Fatal(err)
			}
			calls = append(calls, strings.Join(e.Records, " "))
			if !slices.Contains(e.Records, poison) {
				return []byte("{}"), nil
			}
			answer, err := fails(e.Records)
			return []byte(answer), err
		},
		failed: func(_ context.Context, message []byte) error {
			var said struct {
				DDBStreamBatchInfo struct{ StartSequenceNumber, EndSequenceNumber string }
			}
			err := json.Unmarshal(message, &said)
			failed += said.DDBStreamBatchInfo.StartSequenceNumber + "-" + said.DDBStreamBatchInfo.EndSequenceNumber
			return err
		},
	}
	m.count.handed = make(map[string]int)
	var batch []record
	for i := range 5 {
		name := fmt.Sprintf("r%d", i+1)
		batch = append(batch, record{sequence: name, at: time.Now(), event: fmt.Appendf(nil, "%q", name)})
	}
	if err := m.hand(t.Context(), "shard", batch); err != nil {
		t.Fatal(err)
	}
	return calls, failed, wrong
}

func TestARecordThatIsTooOldIsGivenUp(t *testing.T) {
	calls, failed := 0, ""
	m := &streamMapping{
		Event:  stack.Event{ReportsItems: true, Retries: -1, MaxAge: time.Minute},
		call:   func(context.Context, []byte) ([]byte, error) { calls++; return nil, &FunctionError{"no"} },
		failed: func(_ context.Context, message []byte) error { failed = string(message); return nil },
	}
	m.count.handed = make(map[string]int)
	if err := m.hand(t.Context(), "shard", []record{{sequence: "1", at: time.Now().Add(-2 * time.Minute), event: []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	if calls != 1 || !strings.Contains(failed, "RecordAgeExceeded") {
		t.Errorf("%d calls, then %s", calls, failed)
	}
}

func TestAFilterLetsByWhatItNames(t *testing.T) {
	const filter = `{"dynamodb":{"NewImage":{"status":{"S":["accepted","new"]}}}}`
	for record, want := range map[string]bool{
		`{"dynamodb":{"NewImage":{"status":{"S":"accepted"}}}}`: true,
		`{"dynamodb":{"NewImage":{"status":{"S":"running"}}}}`:  false,
		`{"dynamodb":{"NewImage":{"status":{"N":"accepted"}}}}`: false,
		`{"dynamodb":{}}`: false,
	} {
		if got, err := passes([]string{filter}, []byte(record)); got != want || err != nil {
			t.Errorf("%s: %t, %v", record, got, err)
		}
		if got, err := passes(nil, []byte(record)); !got || err != nil {
			t.Errorf("%s without a filter: %t, %v", record, got, err)
		}
	}
	if _, err := passes([]string{`{"eventName":[{"prefix":"IN"}]}`}, []byte(`{"eventName":"INSERT"}`)); err == nil {
		t.Error("an operator that is not known here was passed over")
	}
}

func TestOnlyMessagesOfItsBatchCanFail(t *testing.T) {
	id := "a"
	m := &queueMapping{Event: stack.Event{ReportsItems: true}}
	batch := []types.Message{{MessageId: &id}}
	for answer, want := range map[string]string{
		`{"batchItemFailures":[]}`:                           "map[] <nil>",
		`{"batchItemFailures":[{"itemIdentifier":"a"}]}`:     "map[a:true] <nil>",
		`{"batchItemFailures":[{"itemIdentifier":"other"}]}`: "error",
		`"done"`: "error",
	} {
		failed, err := m.failures([]byte(answer), batch)
		got := fmt.Sprint(failed, err)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", answer, got, want)
		}
	}
}
