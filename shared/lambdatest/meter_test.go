package lambdatest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"reprise/shared/stack"
)

// usage is what was asked of DynamoDB and SQS.
type usage struct {
	reads, writes map[string]float64 // units, by table, its indexes included
	calls         map[string]int     // as in DynamoDB.GetItem; receives that brought nothing are SQS.ReceiveNothing
	sqs           float64            // requests as they are billed
}

func newUsage() usage {
	return usage{reads: make(map[string]float64), writes: make(map[string]float64), calls: make(map[string]int)}
}

func (u usage) units(of map[string]float64) (sum float64) {
	for _, n := range of {
		sum += n
	}
	return sum
}

// meter stands between everybody and a test server, and counts.
type meter struct {
	relay *stack.Relay
	mu    sync.Mutex
	used  usage
}

// metered is the server behind a meter.
func metered(t *testing.T, to *stack.Server) (*meter, *stack.Server) {
	m := &meter{relay: stack.NewRelay(to), used: newUsage()}
	s := httptest.NewServer(m)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return m, &stack.Server{URL: s.URL}
}

// take is what was counted since it was taken last.
func (m *meter) take() usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.used
	m.used = newUsage()
	return was
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	counts := strings.HasPrefix(service, "DynamoDB_") && (strings.HasSuffix(operation, "Item") || strings.HasSuffix(operation, "Items") || operation == "Query" || operation == "Scan")
	if counts { // an SDK that asks for nothing is told nothing
		body = append([]byte(`{"ReturnConsumedCapacity":"INDEXES",`), bytes.TrimPrefix(body, []byte("{"))...)
	}
	status, header, answer, err := m.relay.Send(r.Context(), r, body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	m.count(service, operation, body, answer)
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// consumed is what DynamoDB says that a call used. TestDynamoDBLocalCountsByTheRules holds it to AWS's rules.
type consumed struct {
	TableName     string
	CapacityUnits float64
}

func (m *meter) count(service, operation string, asked, answer []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if service == "AmazonSQS" {
		var got struct{ Messages []json.RawMessage }
		if operation == "ReceiveMessage" && json.Unmarshal(answer, &got) == nil && len(got.Messages) == 0 {
			m.used.calls["SQS.ReceiveNothing"]++ // these come whether or not anything is replayed
			return
		}
		const billed = 64 << 10 // bytes are one request
		m.used.sqs += float64(1 + max(len(asked), len(answer))/billed)
		m.used.calls["SQS."+operation]++
		return
	}
	if !strings.HasPrefix(service, "DynamoDB_") {
		return // streams, which cost a Lambda function's reader nothing
	}
	m.used.calls["DynamoDB."+operation]++
	var said struct{ ConsumedCapacity json.RawMessage }
	if json.Unmarshal(answer, &said) != nil || len(said.ConsumedCapacity) == 0 {
		return
	}
	var all []consumed
	if json.Unmarshal(said.ConsumedCapacity, &all) != nil {
		all = make([]consumed, 1)
		_ = json.Unmarshal(said.ConsumedCapacity, &all[0])
	}
	units, least := m.used.writes, 1.0
	if operation == "GetItem" || operation == "Query" || operation == "Scan" || operation == "TransactGetItems" || operation == "BatchGetItem" {
		units = m.used.reads
		if !bytes.Contains(asked, []byte(`"ConsistentRead":true`)) {
			least = 0.5
		}
	}
	for _, c := range all {
		_, table, _ := strings.Cut(c.TableName, "-") // w1-JobsTable
		units[table] += max(c.CapacityUnits, least)  // AWS bills that for a read that finds nothing, DynamoDB Local says 0
	}
}
