package stack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reprise/shared/stack"
)

// planted is a template with one fault: the first place in a resource (or parameter) where old stands has new.
type planted struct {
	story, where, old, new string
	want                   string // part of what is said
}

func plantedFaults() []planted {
	const lambdaLogs = `Resource: !GetAtt DeliverLogs.Arn}`
	return []planted{
		{"the filter is removed", "FanOut", "            FilterCriteria:", "            # FilterCriteria:", "FanOut.Accepted's filters is [], not"},
		{"the filter lets running jobs by", "FanOut", `["accepted"]`, `["accepted","running"]`, "FanOut.Accepted's filters is"},
		{"a permission is added on another's table", "DeliverRole", lambdaLogs, lambdaLogs + "\n              - {Effect: Allow, Action: \"dynamodb:GetItem\", Resource: !GetAtt TokensTable.Arn}", "Deliver may dynamodb:GetItem on TokensTable.Arn, and never does"},
		{"a permission is added that is used elsewhere", "DeliverRole", `Action: "dynamodb:Query", Resource: !GetAtt EntriesTable`, `Action: ["dynamodb:PutItem", "dynamodb:Query"], Resource: !GetAtt EntriesTable`, "Deliver may dynamodb:PutItem on EntriesTable.Arn, and never does"},
		{"a permission is removed", "SweepRole", `["dynamodb:GetItem", "dynamodb:UpdateItem"]`, `["dynamodb:GetItem"]`, "Sweep may not dynamodb:UpdateItem on JobsTable.Arn, but does"},
		{"the index is not granted", "SweepRole", "/index/active", "/index/other", "Sweep may not dynamodb:Query on JobsTable.Arn/index/active, but does"},
		{"the index that reads are held to is not granted", "DeliverRole", "/index/first_at", "/index/other", "Deliver may not dynamodb:Query on EntriesTable.Arn/index/first_at, but does"},
		{"what a transaction is made of is not granted", "PutReplayJobRole", `"dynamodb:PutItem"`, `"dynamodb:TransactWriteItems"`, "PutReplayJob may not dynamodb:PutItem on JobsTable.Arn, but does"},
		{"unreadable messages cannot be sent on", "DeliverRole", "Resource: !GetAtt DeadQueue.Arn", "Resource: !GetAtt SliceQueue.Arn", "Deliver may not sqs:SendMessage on DeadQueue.Arn, but does"},
		{"the stream cannot be read", "FanOutRole", `"dynamodb:GetShardIterator"`, `"dynamodb:DescribeTable"`, "FanOut may not dynamodb:GetShardIterator on JobsTable.StreamArn, but does"},
		{"a message cannot be deleted", "DeadLetterRole", `"sqs:DeleteMessage"`, `"sqs:PurgeQueue"`, "DeadLetter may not sqs:DeleteMessage on DeadQueue.Arn, but does"},
		{"a star", "IntakeRole", `"dynamodb:Scan"`, `"dynamodb:*"`, "Intake is granted dynamodb:*"},
		{"a managed policy", "IntakeRole", "      Policies:", "      ManagedPolicyArns: [x]\n      Policies:", "Intake's role has ManagedPolicyArns"},
		{"a policy of SAM's beside the role", "Jwks", "      CodeUri:", "      Policies: [AmazonDynamoDBFullAccess]\n      CodeUri:", "Jwks has Policies"},
		{"the secrets cannot be decrypted", "WebhookRole", "kms:Decrypt", "kms:Encrypt", "Webhook may not kms:Decrypt on SecretsKey.Arn, but does"},
		{"the key is open to others than DynamoDB", "WebhookRole", "dynamodb.${AWS::Region}", "s3.${AWS::Region}", "the condition of Webhook's kms:Decrypt"},
		{"private keys can be read by who shows public ones", "JwksRole", "[kid, public, place, schema]", "[kid, public, place, schema, private]", "the condition of Jwks's dynamodb:Scan"},
		{"all attributes can be asked for", "JwksRole", "SPECIFIC_ATTRIBUTES", "ALL_ATTRIBUTES", "the condition of Jwks's dynamodb:Scan"},
		{"two functions share a role", "Sweep", "SweepRole.Arn", "FanOutRole.Arn", "share the role FanOutRole"},
		{"visibility below six times the timeout", "SliceQueue", "VisibilityTimeout: 360", "VisibilityTimeout: 350", "SliceQueue shows a message again after 5m50s"},
		{"no visibility at all", "DeadQueue", "VisibilityTimeout: 360", "# none", "DeadQueue shows a message again after 30s"},
		{"a timeout may be too long for the visibility", "WorkTimeout", "MaxValue: 60", "MaxValue: 61", "before six times what DeadLetter may take, 1m1s"},
		{"a delivery may outlast its lease", "DeliverTimeout", "MaxValue: 60", "MaxValue: 90", "Deliver may take 1m30s"},
		{"a variable is added", "Jwks", "KEYS_TABLE: !Ref KeysTable", "KEYS_TABLE: !Ref KeysTable\n          TOKENS_TABLE: !Ref TokensTable", "Jwks is given TOKENS_TABLE, which it does not read"},
		{"a variable is removed", "Sweep", "          LANES: !Ref Lanes\n", "", "Sweep reads LANES, which it is not given"},
		{"a variable names another table", "Intake", "COUNTS_TABLE: !Ref CountsTable", "COUNTS_TABLE: !Ref EntriesTable", "Intake may dynamodb:UpdateItem on CountsTable.Arn, and never does"},
		{"a route is another method's", "Webhook", "Method: PATCH", "Method: PUT", "Webhook has the route PUT /v2/audit-log-webhook, which is not its own"},
		{"a route is missing", "Intake", "/v2/audit-log-events", "/v2/audit-log-event", "Intake lacks the route POST /v2/audit-log-events"},
		{"tests of webhooks take all of the function's places", "Api", "ThrottlingRateLimit: 2,", "ThrottlingRateLimit: 200,", "what the gateway throttles by route is map[POST /v2/audit-log-webhook/test:map[ThrottlingBurstLimit:5 ThrottlingRateLimit:200]], not"},
		{"nothing answers the rest", "DefaultRoute", "ApiId: !Ref Api,", "ApiId: !Ref Api, Method: ANY, Path: /other,", "DefaultRoute lacks the route $default"},
		{"a payload of version 1.0", "PutReplayJob", `"2.0"`, `"1.0"`, "PutReplayJob.Put's payload is 1.0"},
		{"a batch that failed in part is deleted whole", "Deliver", "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []", "that Deliver.Slice reports items is false"},
		{"two slices at a time", "Deliver", "BatchSize: 1", "BatchSize: 2", "Deliver.Slice's batch size is 2"},
		{"deliver has no greatest concurrency", "Deliver", "            ScalingConfig:", "            # ScalingConfig:", "Deliver.Slice has no greatest concurrency"},
		{"a poison record is tried for ever", "FanOut", "            MaximumRetryAttempts: 3", "            MaximumRetryAttempts: -1", "FanOut.Accepted tries -1 times"},
		{"a batch is not taken apart", "FanOut", "BisectBatchOnFunctionError: true", "BisectBatchOnFunctionError: false", "that FanOut.Accepted bisects is false"},
		{"jobs accepted before the deploy are passed over", "FanOut", "TRIM_HORIZON", "LATEST", "where FanOut.Accepted begins is LATEST"},
		{"failures of the stream go to a queue that cannot take them", "FanOut", "Destination: !GetAtt StreamFailures.Arn", "Destination: !GetAtt DeadQueue.Arn", "where FanOut.Accepted sends failures is DeadQueue"},
		{"nobody reads the dead letters", "DeadLetter", "Queue: !GetAtt DeadQueue.Arn", "Queue: !GetAtt StreamFailures.Arn", "whom DeadQueue calls is []"},
		{"the sweep is slow", "Sweep", "rate(1 minute)", "rate(10 minutes)", "whom rate(1 minute) calls is []"},
		{"a slice is given up early", "SliceQueue", "maxReceiveCount: 1000", "maxReceiveCount: 10", "how often SliceQueue shows a message is 10"},
		{"the queue has the throughput of one group", "SliceQueue", "FifoThroughputLimit: perMessageGroupId", "FifoThroughputLimit: perQueue", "that SliceQueue has SQS's high throughput is false"},
		{"messages are lost after four days", "DeadQueue", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600", "DeadQueue's retention is 96h0m0s"},
		{"messages in the clear", "SliceQueuePolicy", "Effect: Deny", "Effect: Allow", "SliceQueue takes what was not sent by TLS"},
		{"a table goes with the stack", "KeysTable", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Delete", "what becomes of KeysTable when the stack is deleted is Delete"},
		{"a first deploy that failed leaves a table", "JobsTable", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Retain", "what becomes of JobsTable when the stack is deleted is Retain,"},
		{"the key goes before its tables", "SecretsKey", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Delete", "what becomes of SecretsKey when the stack is deleted is Delete"},
		{"tokens expire", "TokensTable", "      KeySchema:", "      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}\n      KeySchema:", "what items of TokensTable expire by is expires_at"},
		{"webhooks are encrypted with AWS's key", "WebhooksTable", "      SSESpecification:", "      # SSESpecification:", "what WebhooksTable is encrypted with is ,"},
		{"there is no way back", "JobsTable", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false", "that JobsTable can be taken back to a moment is false"},
		{"the stream shows keys only", "JobsTable", "NEW_IMAGE", "KEYS_ONLY", "JobsTable's stream is KEYS_ONLY"},
		{"a function without its folder", "Jwks", "functions/jwks", "functions/jwk", "functions/jwk is not there"},
		{"Lambda drops what a function logs", "Sweep", "ApplicationLogLevel: TRACE", "ApplicationLogLevel: WARN", "Sweep's logging is"},
		{"logs are kept for ever", "SweepLogs", "RetentionInDays: !Ref LogRetention", "RetentionInDays: 7", "SweepLogs's retention is"},
	}
}

// TestEachFaultOfATemplateIsNamed plants one fault a row: a check that finds nothing would pass as quietly.
func TestEachFaultOfATemplateIsNamed(t *testing.T) {
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	facts := facts(t)
	for _, row := range plantedFaults() {
		t.Run(row.story, func(t *testing.T) {
			template, err := stack.Parse([]byte(plant(t, string(source), row)))
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, check := range checks() {
				said = append(said, check(template, facts)...)
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, row.want) {
				t.Errorf("got %q, want %q", all, row.want)
			}
		})
	}
	t.Run("a function without samples", func(t *testing.T) {
		delete(facts.samples, "sweep")
		if all := strings.Join(checkFolders(load(t), facts), "\n"); !strings.Contains(all, "events/sweep has no sample") {
			t.Errorf("got %q", all)
		}
	})
	t.Run("a folder without a resource", func(t *testing.T) {
		facts.folders = append(facts.folders, "nowhere")
		if all := strings.Join(checkFolders(load(t), facts), "\n"); !strings.Contains(all, "functions/nowhere has no resource") {
			t.Errorf("got %q", all)
		}
	})
}

// plant changes one place of what begins with the line "  where:" and ends before the next of its kind.
func plant(t *testing.T, source string, row planted) string {
	t.Helper()
	at := regexp.MustCompile(`(?m)^  ` + row.where + `:\n`).FindStringIndex(source)
	if at == nil {
		t.Fatalf("the template has no %s", row.where)
	}
	end := len(source)
	if next := regexp.MustCompile(`(?m)^  ?\w`).FindStringIndex(source[at[1]:]); next != nil {
		end = at[1] + next[0]
	}
	part := source[at[0]:end]
	if !strings.Contains(part, row.old) {
		t.Fatalf("%s has no %q", row.where, row.old)
	}
	return source[:at[0]] + strings.Replace(part, row.old, row.new, 1) + source[end:]
}
