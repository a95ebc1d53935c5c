package dynamo

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// FuzzAStreamRecordIsHandedOverPassedOverOrReported: whatever a stream says, it is a job that was newly accepted, or nothing
// for us, or it fails; in each case the records behind it know which.
func FuzzAStreamRecordIsHandedOverPassedOverOrReported(f *testing.F) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	f.Add([]byte(told(f, 1, nil)))
	for _, change := range poison() {
		f.Add([]byte(told(f, 1, change)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		jobs, reported, err := handed(t, "", data, told(t, 2, nil))
		failed := reported != "" || err != nil
		switch n := len(jobs); {
		case failed && n > 0:
			t.Fatalf("%q is reported (%v), and yet %d jobs were handed over", reported, err, n)
		case !failed && (n == 0 || n > 2 || jobs[n-1].JobID != "01J-2"):
			t.Fatalf("%d jobs were handed over, of the record and the one behind it", n)
		}
		for _, job := range jobs {
			if job.Status != replay.Accepted || job.Org == "" || job.Region == "" || job.JobID == "" {
				t.Fatalf("this was handed over: %+v", job)
			}
		}
	})
}

// value is an attribute in DynamoDB's own JSON.
type value struct {
	S, N *string
	BOOL *bool
	B    []byte
	L    []value
	M    map[string]value
}

func (v value) attribute() types.AttributeValue {
	switch {
	case v.S != nil:
		return text(*v.S)
	case v.N != nil:
		return &types.AttributeValueMemberN{Value: *v.N}
	case v.BOOL != nil:
		return flag(*v.BOOL)
	case v.B != nil:
		return blob(v.B)
	case v.L != nil:
		l := &types.AttributeValueMemberL{}
		for _, e := range v.L {
			l.Value = append(l.Value, e.attribute())
		}
		return l
	case v.M != nil:
		return &types.AttributeValueMemberM{Value: attributes(v.M)}
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}

func attributes(m map[string]value) item {
	it := make(item)
	for name, v := range m {
		it[name] = v.attribute()
	}
	return it
}

// written is an item in DynamoDB's own JSON.
func written(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *types.AttributeValueMemberL:
		all := []any{}
		for _, e := range v.Value {
			all = append(all, written(e))
		}
		return map[string]any{"L": all}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": fields(v.Value)}
	default:
		return map[string]any{"NULL": true}
	}
}

func fields(it item) map[string]any {
	m := make(map[string]any)
	for name, v := range it {
		m[name] = written(v)
	}
	return m
}

// again reads what was read, written once more: it must be the same. What is refused must leave nothing.
func again[T any](t *testing.T, it item, read func(item) (T, error), write func(T) item) {
	t.Helper()
	var zero T
	first, err := read(it)
	if err != nil {
		if diff := cmp.Diff(zero, first, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("refused (%v), and yet it says\n%s", err, diff)
		}
		return
	}
	second, err := read(write(first))
	if diff := cmp.Diff(first, second, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Fatalf("read again: %v (-first +second):\n%s", err, diff)
	}
}

// FuzzAStoredItemIsReadOrRefused: what lies in a table under whatever key, all that is read of it can be written and is read as the
// same.
func FuzzAStoredItemIsReadOrRefused(f *testing.F) {
	at := time.Date(2040, 6, 18, 21, 2, 36, 889e6, time.UTC)
	for _, it := range samples(at) {
		data, err := json.Marshal(fields(it))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	fence := someJob(1).Fence
	f.Fuzz(func(t *testing.T, data []byte) {
		var m map[string]value
		if json.Unmarshal(data, &m) != nil {
			return
		}
		it := attributes(m)
		if job, err := readJob(it); err == nil && (job.Org == "" || job.JobID == "" || job.Status == "") {
			t.Fatalf("this is no job: %+v", job)
		}
		again(t, it, func(it item) (replay.Plan, error) { return readPlan(fence, it) }, planItem)
		again(t, it, readSlice, func(p replay.Progress) item { return sliceItem(replay.Slice{Fence: fence, N: p.N}, p, at, "me") })
		again(t, it, readWebhook, webhookItemOf)
		again(t, it, readToken, tokenItem)
		if n, err := readCount(it); err == nil && (n.Hour.Location() != time.UTC || n.Hour.Truncate(time.Hour) != n.Hour || n.Entries < 0) {
			t.Fatalf("this is no count: %+v", n)
		}
		c, err := readChunk(it)
		var damage *chunk.Damage
		if err != nil && !errors.As(err, &damage) {
			t.Fatalf("a chunk that cannot be read is no damage: %v", err)
		}
		if err == nil {
			again(t, it, readChunk, func(c chunk.Chunk) item { return chunkItem(fence.Scope, c) })
			_ = c
		}
		if key, err := readKey(it); err == nil {
			if k, err := readSigningKey(key); err == nil && !k.Public().Public.Equal(key.Public) {
				t.Fatal("a key signs what another checks")
			}
		}
	})
}

func TestAnItemThatIsShortOrOfAnotherSchemaIsRefused(t *testing.T) {
	at := time.Date(2040, 6, 18, 21, 2, 36, 889e6, time.UTC)
	refuses := map[string]func(item) error{
		"job":     func(it item) error { _, err := readJob(it); return err },
		"plan":    func(it item) error { _, err := readPlan(someJob(1).Fence, it); return err },
		"slice":   func(it item) error { _, err := readSlice(it); return err },
		"chunk":   func(it item) error { _, err := readChunk(it); return err },
		"count":   func(it item) error { _, err := readCount(it); return err },
		"webhook": func(it item) error { _, err := readWebhook(it); return err },
		"token":   func(it item) error { _, err := readToken(it); return err },
		"key":     func(it item) error { _, err := readKey(it); return err },
		"signing": func(it item) error { _, err := readSigningKey(storedKey{it: it}); return err },
	}
	unread := map[string][]string{ // keys that who asked knows, what is there for DynamoDB or for its next writer
		"job":     {"active"},
		"plan":    {"job_id", "item", "org_id", "region", "expires_at"},
		"slice":   {"job_id", "item", "org_id", "region", "expires_at", "updated_at", "written_by"},
		"chunk":   {"scope_hour", "expires_at"},
		"count":   {"scope", "expires_at"},
		"webhook": {"written_by"},
		"token":   {"org_id"},
		"key":     {"private", "made_at"},
		"signing": {"kid", "public", "place"},
	}
	older := map[string]string{"webhook": "gone"} // written before there was this attribute, an item lacks it
	for what, it := range samples(at) {
		read := refuses[what]
		if err := read(it); what != "signing" && err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if len(it) < 5 {
			t.Errorf("%s has %d attributes", what, len(it))
		}
		for name, was := range it {
			for change, v := range map[string]types.AttributeValue{"missing": nil, "of another type": &types.AttributeValueMemberNULL{Value: true}, "of a schema to come": number(schema + 1)} {
				if change == "of a schema to come" && name != "schema" {
					continue
				}
				it[name] = v
				err := read(it)
				if change == "missing" && older[what] == name && err == nil {
					continue
				}
				if err == nil && !slices.Contains(unread[what], name) || change == "of a schema to come" && err == nil {
					t.Errorf("%s with %s %s is read", what, name, change)
				}
				if what == "plan" && err != nil && !errors.Is(err, replay.ErrNotFound) {
					t.Errorf("a plan with %s %s is an error that a sweep does not end: %v", name, change, err)
				}
			}
			it[name] = was
		}
	}
}
