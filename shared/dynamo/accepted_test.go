package dynamo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// someJob is the nth accepted job of a test.
func someJob(n int) replay.Job {
	at := time.Date(2040, 6, 18, 21, 2, 36, 889e6, time.UTC)
	f := replay.Fence{Scope: replay.Scope{Org: fmt.Sprint("org-", n), Region: "eu"}, JobID: fmt.Sprint("01J-", n)}
	return replay.NewJob(f, "ops · Zürich", replay.Window{From: at.Add(-time.Hour), To: at}, at)
}

// told is the record of the nth job, changed.
func told(t testing.TB, n int, change func(record, image map[string]any)) json.RawMessage {
	t.Helper()
	image := fields(jobItem(someJob(n)))
	stream := map[string]any{"SequenceNumber": fmt.Sprint("seq-", n), "NewImage": image, "StreamViewType": "NEW_IMAGE", "SizeBytes": 7}
	record := map[string]any{"eventID": fmt.Sprint("event-", n), "eventName": "INSERT", "eventVersion": "1.1", "dynamodb": stream}
	if change != nil {
		change(record, image)
	}
	data, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// handed gives the records to OnAccepted, which fails on the job of that id: what was handed over, what it reported.
func handed(t testing.TB, failing string, records ...json.RawMessage) (jobs []replay.Job, reported string, err error) {
	t.Helper()
	answer, err := OnAccepted(func(_ context.Context, job replay.Job) error {
		if job.JobID == failing {
			return errors.New("the queue is away")
		}
		jobs = append(jobs, job)
		return nil
	})(t.Context(), Event{Records: records})
	if n := len(answer.BatchItemFailures); n > 1 {
		t.Fatalf("%d records are reported: the first is where the stream goes on", n)
	}
	for _, f := range answer.BatchItemFailures {
		reported = f.ItemIdentifier
	}
	return jobs, reported, err
}

func TestAcceptedJobsAreHandedOverInOrder(t *testing.T) {
	jobs, reported, err := handed(t, "", told(t, 1, nil), told(t, 2, nil), told(t, 3, nil))
	if err != nil || reported != "" {
		t.Fatal(reported, err)
	}
	if diff := cmp.Diff([]replay.Job{someJob(1), someJob(2), someJob(3)}, jobs); diff != "" {
		t.Error(diff)
	}
}

func TestTheFirstFailureIsReportedByItsSequenceNumberAndNothingBehindItIsHandedOver(t *testing.T) {
	jobs, reported, err := handed(t, "01J-2", told(t, 1, nil), told(t, 2, nil), told(t, 3, nil))
	if err != nil || reported != "seq-2" || len(jobs) != 1 {
		t.Errorf("%d handed over, %q reported, %v", len(jobs), reported, err)
	}
}

func TestWhatIsNoAcceptedJobIsPassedOver(t *testing.T) {
	for name, change := range map[string]func(record, image map[string]any){
		"a running job":             func(_, image map[string]any) { image["status"] = map[string]any{"S": "running"} },
		"a job in a status to come": func(_, image map[string]any) { image["status"] = map[string]any{"S": "paused"} },
		"a job that an operator removed": func(record, _ map[string]any) {
			record["eventName"] = "REMOVE"
			delete(record["dynamodb"].(map[string]any), "NewImage")
		},
		"a running job in another schema": func(_, image map[string]any) {
			image["status"], image["schema"] = map[string]any{"S": "running"}, map[string]any{"N": "2"}
		},
	} {
		if jobs, reported, err := handed(t, "", told(t, 1, change), told(t, 2, nil)); len(jobs) != 1 || jobs[0].JobID != "01J-2" || reported != "" || err != nil {
			t.Errorf("%s: %v handed over, %q reported, %v", name, jobs, reported, err)
		}
	}
}

func TestARecordOfATimeToComeIsReadForWhatIsKnown(t *testing.T) {
	jobs, reported, err := handed(t, "", told(t, 1, func(record, image map[string]any) {
		record["userIdentity"], record["vector"] = nil, []int{1}
		image["priority"], image["tags"], image["nothing"] = map[string]any{"N": "7"}, map[string]any{"BS": []int{1}}, map[string]any{"QQ": 1}
	}))
	if len(jobs) != 1 || !cmp.Equal(jobs[0], someJob(1)) || reported != "" || err != nil {
		t.Errorf("%v handed over, %q reported, %v", jobs, reported, err)
	}
}

// poison is records that can never be read.
func poison() map[string]func(record, image map[string]any) {
	all := map[string]func(record, image map[string]any){
		"a schema to come":   func(_, image map[string]any) { image["schema"] = map[string]any{"N": "2"} },
		"no image":           func(record, _ map[string]any) { delete(record["dynamodb"].(map[string]any), "NewImage") },
		"an empty image":     func(_, image map[string]any) { clear(image) },
		"no organization":    func(_, image map[string]any) { image["org_id"] = map[string]any{"S": ""} },
		"half a millisecond": func(_, image map[string]any) { image["from_at"] = map[string]any{"N": "1.5"} },
		"beyond 64 bits":     func(_, image map[string]any) { image["batches"] = map[string]any{"N": "9223372036854775808"} },
		"a negative count":   func(_, image map[string]any) { image["entries"] = map[string]any{"N": "-1"} },
		"the year 10000":     func(_, image map[string]any) { image["to_at"] = map[string]any{"N": "253402300800000"} },
		"a number that is one": func(_, image map[string]any) {
			image["accepted_at"] = map[string]any{"N": 5}
		},
	}
	for name := range jobItem(someJob(0)) {
		if name == "active" { // the index's
			continue
		}
		all["without "+name] = func(_, image map[string]any) { delete(image, name) }
		for kind, v := range map[string]any{"a list": map[string]any{"L": []any{}}, "NULL": map[string]any{"NULL": true}, "BOOL": map[string]any{"BOOL": true}, "no map": 5, "nothing": nil, "BS": map[string]any{"BS": []any{1}}} {
			all[name+" is "+kind] = func(_, image map[string]any) { image[name] = v }
		}
	}
	return all
}

func TestARecordThatCanNeverBeReadFailsAndIsLogged(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	rows := poison()
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		log.Reset()
		jobs, reported, err := handed(t, "", told(t, 1, nil), told(t, 2, rows[name]), told(t, 3, nil))
		if len(jobs) != 1 || reported != "seq-2" || err != nil {
			t.Errorf("%s: %d handed over, %q reported, %v", name, len(jobs), reported, err)
		}
		if strings.Count(log.String(), "\n") != 1 || strings.Contains(name, "schema") && !strings.Contains(log.String(), "job=01J-2") {
			t.Errorf("%s: it says\n%s", name, log.String())
		}
	}
}

func TestWhatCannotBeNamedFailsTheWholeBatch(t *testing.T) {
	for _, raw := range []string{`null`, `5`, `"x"`, `[]`, `{}`, `{"dynamodb":null}`, `{"dynamodb":[]}`, `{"dynamodb":{"SequenceNumber":5}}`} {
		jobs, reported, err := handed(t, "", told(t, 1, nil), json.RawMessage(raw), told(t, 3, nil))
		if len(jobs) != 1 || reported != "" || err == nil {
			t.Errorf("%s: %d handed over, %q reported, %v", raw, len(jobs), reported, err)
		}
	}
	if _, _, err := handed(t, ""); err == nil {
		t.Error("an event without records is taken for one that was handled")
	}
}

func TestAPanicIsReportedAtItsRecord(t *testing.T) {
	n := 0
	answer, err := OnAccepted(func(context.Context, replay.Job) error {
		if n++; n == 2 {
			panic("boom")
		}
		return nil
	})(t.Context(), Event{Records: []json.RawMessage{told(t, 1, nil), told(t, 2, nil), told(t, 3, nil)}})
	want := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{{ItemIdentifier: "seq-2"}}}
	if diff := cmp.Diff(want, answer); diff != "" || err != nil || n != 2 {
		t.Errorf("%d handed over, %v (-want +got):\n%s", n, err, diff)
	}
}
