package stack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"reprise/shared/replay"
	"reprise/shared/stack"
)

// greatest is the template where every parameter that is a number is as great as it may be.
func greatest(t *stack.Template) (*stack.Template, error) {
	most := make(map[string]string)
	for name, p := range t.Parameters {
		if p.Max != "" {
			most[name] = p.Max
		}
	}
	return t.With(most)
}

func checkQueues(t *stack.Template, _ tree) (f faults) {
	for id, q := range t.Queues {
		f.wrong(id+"'s retention", q.Retention, 14*24*time.Hour)
		f.wrong("that "+id+" is encrypted", q.Encrypted, true)
		f.wrong("that "+id+" is FIFO", q.FIFO, id != "StreamFailures") // where Lambda sends a stream's failures must not be
		f.wrong("that "+id+" has SQS's high throughput", q.HighRate, q.FIFO)
		if !slices.ContainsFunc(slices.Collect(maps.Values(t.Resources)), func(r stack.Resource) bool { return isTLSOnly(r, id) }) {
			f.add("%s takes what was not sent by TLS", id)
		}
	}
	f.wrong("where SliceQueue's dead letters go", t.Queues["SliceQueue"].DeadLetters, "DeadQueue")
	f.wrong("how often SliceQueue shows a message", t.Queues["SliceQueue"].MaxReceives, replay.MaxReceives)
	most, err := greatest(t)
	if err != nil {
		f.add("with every number as great as it may be: %v", err)
		return f
	}
	for id, fn := range most.Functions {
		for _, e := range fn.Events {
			if v := most.Queues[e.Source].Visibility; e.Type == "SQS" && v < 6*fn.Timeout {
				f.add("%s shows a message again after %s, before six times what %s may take, %s", e.Source, v, id, fn.Timeout)
			}
		}
	}
	if took := most.Functions["Deliver"].Timeout; took+10*time.Second > replay.Lease {
		f.add("Deliver may take %s, though others may have its slice after %s", took, replay.Lease)
	}
	return f
}

func isTLSOnly(r stack.Resource, queue string) bool {
	text, err := json.Marshal(r.Properties)
	return err == nil && r.Type == "AWS::SQS::QueuePolicy" && string(text) == fmt.Sprintf(`{"PolicyDocument":{"Statement":[{"Action":"sqs:*",`+
		`"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":"*","Resource":"%s.Arn","Sid":"TLSOnly"}],"Version":"2012-10-17"},"Queues":["%[1]s"]}`, queue)
}

func checkMappings(t *stack.Template, _ tree) (f faults) {
	sources := make(map[string][]string)
	for id, fn := range t.Functions {
		for name, e := range fn.Events {
			name = id + "." + name
			sources[e.Source+e.Schedule] = append(sources[e.Source+e.Schedule], id)
			switch e.Type {
			case "SQS":
				f.wrong(name+"'s batch size", e.BatchSize, 1) // one slice at a time (DESIGN.md §5)
				f.wrong("that "+name+" reports items", e.ReportsItems, true)
				f.wrong("that "+name+" gathers no batch", e.Window, 0*time.Second)
				f.wrong(name+"'s filters", len(e.Filters), 0) // what does not match one is deleted
				if e.MaxConcurrent < 2 {
					f.add("%s has no greatest concurrency", name)
				}
			case "DynamoDB":
				f.wrong(name+"'s filters", e.Filters, []string{`{"dynamodb":{"NewImage":{"status":{"S":["accepted"]}}}}`})
				f.wrong("that "+name+" reports items", e.ReportsItems, true)
				f.wrong("that "+name+" bisects", e.Bisects, true)
				f.wrong("where "+name+" begins", e.Start, "TRIM_HORIZON")
				f.wrong(name+"'s batches of a shard at once", e.Parallel, 10)
				f.wrong("where "+name+" sends failures", e.OnFailure, "StreamFailures")
				if e.Retries < 1 || e.Retries > 5 {
					f.add("%s tries %d times: once is none, and many hold up the jobs behind", name, e.Retries)
				}
				if e.MaxAge < time.Minute || e.MaxAge > 5*time.Minute {
					f.add("%s hands over records up to %s old: the sweep sees to jobs that are accepted for two minutes", name, e.MaxAge)
				}
			case "Schedule", "HttpApi":
			default:
				f.add("%s is of a type that nobody here knows: %s", name, e.Type)
			}
		}
	}
	for source, id := range map[string]string{"SliceQueue": "Deliver", "DeadQueue": "DeadLetter", "JobsTable": "FanOut", "rate(1 minute)": "Sweep"} {
		f.wrong("whom "+source+" calls", sources[source], []string{id})
	}
	return f
}
