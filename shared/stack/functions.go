package stack

import (
	"path"
	"strings"
	"time"
)

// Function is a function of the template.
type Function struct {
	ID           string // PutReplayJob
	Folder       string // put-replay-job, of functions/
	Timeout      time.Duration
	Memory       int // MB
	Reserved     int // concurrency; -1: none is reserved
	Architecture string
	Environment  map[string]string
	Role         string      // its logical id
	Statements   []Statement // what the role may do
	Events       map[string]Event
	Properties   map[string]any // all of them, the Globals among them
}

// Statement is one of a role's.
type Statement struct {
	Actions    []string // dynamodb:GetItem
	Resources  []string // JobsTable.Arn, JobsTable.Arn/index/active
	Conditions map[string]any
}

// Event is what calls a function: a route, a mapping of a queue or of a stream, or a schedule.
type Event struct {
	Type          string // HttpApi, SQS, DynamoDB, Schedule
	Route         string // "PUT /v2/audit-log-replay-job" or "$default"
	Payload       string // the version of a route's payload
	Schedule      string // rate(1 minute)
	Source        string // the logical id of the queue, or of the table whose stream it is
	Start         string // TRIM_HORIZON
	Filters       []string
	BatchSize     int
	Window        time.Duration // for which a batch is gathered
	ReportsItems  bool          // the function says which items of a batch failed
	Bisects       bool
	Retries       int // -1: for ever
	MaxAge        time.Duration
	Parallel      int // batches of one shard at once
	MaxConcurrent int // calls of the function at once; -1: no limit
	OnFailure     string
}

func function(id string, p, globals tree, resources map[string]Resource) Function {
	properties := make(map[string]any)
	for _, from := range []tree{globals, p} { // SAM merges maps and adds lists; the template has neither in its Globals but Architectures
		for key, v := range from.mapping() {
			properties[key] = v
		}
	}
	p = tree{properties}
	f := Function{
		ID: id, Folder: path.Base(p.at("CodeUri").text()), Timeout: p.at("Timeout").seconds(), Memory: p.at("MemorySize").number(),
		Reserved: p.at("ReservedConcurrentExecutions").number(), Architecture: strings.Join(p.at("Architectures").texts(), " "),
		Environment: make(map[string]string), Events: make(map[string]Event), Properties: properties,
	}
	for key, v := range p.at("Environment", "Variables").mapping() {
		f.Environment[key] = tree{v}.text()
	}
	for name, e := range p.at("Events").mapping() {
		f.Events[name] = event(tree{e})
	}
	f.Role, _ = cutArn(p.at("Role").text())
	for _, policy := range (tree{resources[f.Role].Properties}).at("Policies").list() {
		for _, s := range policy.at("PolicyDocument", "Statement").list() {
			f.Statements = append(f.Statements, Statement{s.at("Action").texts(), s.at("Resource").texts(), s.at("Condition").mapping()})
		}
	}
	return f
}

func event(e tree) Event {
	p := e.at("Properties")
	got := Event{
		Type: e.at("Type").text(), Payload: p.at("PayloadFormatVersion").text(), Schedule: p.at("Schedule").text(), Start: p.at("StartingPosition").text(),
		BatchSize: p.at("BatchSize").number(), Window: p.at("MaximumBatchingWindowInSeconds").seconds(),
		Bisects: p.at("BisectBatchOnFunctionError").text() == "true", Retries: p.at("MaximumRetryAttempts").number(),
		MaxAge: p.at("MaximumRecordAgeInSeconds").seconds(), Parallel: max(1, p.at("ParallelizationFactor").number()),
		MaxConcurrent: p.at("ScalingConfig", "MaximumConcurrency").number(),
	}
	if got.Type == "HttpApi" {
		got.Route = strings.TrimSpace(p.at("Method").text() + " " + p.at("Path").text())
		if got.Route == "" {
			got.Route = "$default"
		}
	}
	got.Source, _ = cutArn(p.at("Queue").text() + p.at("Stream").text())
	got.OnFailure, _ = cutArn(p.at("DestinationConfig", "OnFailure", "Destination").text())
	for _, filter := range p.at("FilterCriteria", "Filters").list() {
		got.Filters = append(got.Filters, filter.at("Pattern").text())
	}
	for _, s := range p.at("FunctionResponseTypes").texts() {
		got.ReportsItems = got.ReportsItems || s == "ReportBatchItemFailures"
	}
	return got
}

// cutArn is the resource and the attribute of Resource.Attribute.
func cutArn(s string) (resource, attribute string) {
	resource, attribute, _ = strings.Cut(s, ".")
	return resource, attribute
}
