package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reprise/shared/stack"
)

// permission is an action and where it is allowed, as in "dynamodb:GetItem on JobsTable.Arn".
func permission(action, resource string) string { return action + " on " + resource }

// neverCalled is what the SDK links into every program with a table: it asks for endpoints only where that is turned on.
const neverCalled = "dynamodb.DescribeEndpoints"

// actions is how IAM names what the SDK calls otherwise. A transaction is granted by what it is made of.
func actions(c call) []string {
	switch c.operation {
	case "TransactWriteItems", "TransactGetItems":
		return nil
	case "SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
		return []string{c.service + ":" + strings.TrimSuffix(c.operation, "Batch")}
	default:
		return []string{c.service + ":" + c.operation}
	}
}

// called is what a function calls, by the settings that say where.
func called(t *stack.Template, fn stack.Function, tree tree, f *faults) (all []string) {
	program := tree.programs[fn.Folder]
	var operations []string
	for owner, calls := range tree.graph.asked(program.ours) {
		resource := ""
		for _, n := range tree.graph {
			if n.gives == owner && len(n.settings) == 1 {
				resource = fn.Environment[n.settings[0]]
			}
		}
		for _, c := range calls {
			if !c.part {
				operations = append(operations, c.service+"."+c.operation)
			}
			where := resource + ".Arn"
			if c.index != "" {
				where += "/index/" + c.index
			}
			for _, action := range actions(c) {
				all = append(all, permission(action, where))
			}
		}
		if key := t.Tables[resource].KMSKey; key != "" {
			all = append(all, permission("kms:Decrypt", key)) // DynamoDB decrypts the table's key in the caller's name, to read and to write
		}
	}
	if slices.ContainsFunc(operations, func(o string) bool { return strings.HasPrefix(o, "dynamodb.") }) {
		operations = append(operations, neverCalled)
	}
	f.lists(program.operations, operations, fn.ID+" links %s, which none of its tables and queues calls", fn.ID+" calls %s, which it does not link")
	return all
}

// needed is what AWS does in a function's name.
func needed(fn stack.Function) []string {
	all := []string{permission("logs:CreateLogStream", fn.ID+"Logs.Arn"), permission("logs:PutLogEvents", fn.ID+"Logs.Arn")}
	for _, e := range fn.Events {
		switch e.Type {
		case "SQS":
			for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} {
				all = append(all, permission(action, e.Source+".Arn"))
			}
		case "DynamoDB":
			for _, action := range []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"} {
				all = append(all, permission(action, e.Source+".StreamArn"))
			}
			all = append(all, permission("dynamodb:ListStreams", e.Source+".Arn/stream/*"), permission("sqs:SendMessage", e.OnFailure+".Arn"))
		}
	}
	return all
}

func checkGrants(t *stack.Template, tree tree) (f faults) {
	for id, fn := range t.Functions {
		var granted []string
		for _, s := range fn.Statements {
			for _, action := range s.Actions {
				for _, resource := range s.Resources {
					granted = append(granted, permission(action, resource))
				}
			}
			f.conditions(id, s, tree, slices.Contains(tree.programs[fn.Folder].ours, "dynamo.Keys.SigningKey"))
		}
		wanted := append(called(t, fn, tree, &f), needed(fn)...)
		slices.Sort(granted)
		slices.Sort(wanted)
		f.lists(granted, slices.Compact(wanted), id+" may %s, and never does", id+" may not %s, but does")
		if n := len(granted) - len(slices.Compact(slices.Clone(granted))); n > 0 {
			f.add("%s is granted %d things twice", id, n)
		}
	}
	return f
}

// conditions are two: the key is for DynamoDB to use, and who does not sign reads nothing of keys but their public halves.
func (f *faults) conditions(id string, s stack.Statement, tree tree, signs bool) {
	want := map[string]any{}
	switch {
	case s.Actions[0] == "kms:Decrypt":
		want["StringEquals"] = map[string]any{"kms:ViaService": "dynamodb." + stack.Region + ".amazonaws.com"}
	case s.Actions[0] == "dynamodb:Scan" && s.Resources[0] == "KeysTable.Arn" && !signs:
		want["ForAllValues:StringEquals"] = map[string]any{"dynamodb:Attributes": tree.public}
		want["StringEquals"] = map[string]any{"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
	}
	got := s.Conditions
	if got == nil {
		got = map[string]any{}
	}
	f.wrong(fmt.Sprintf("the condition of %s's %s", id, strings.Join(s.Actions, ", ")), got, want)
}

// checkStars knows the one place where AWS has no name to give: a stream's list is of a table, by all its streams.
func checkStars(t *stack.Template, _ tree) (f faults) {
	for _, id := range slices.Sorted(maps.Keys(t.Functions)) {
		for _, s := range t.Functions[id].Statements {
			for _, word := range slices.Concat(s.Actions, s.Resources) {
				if strings.Contains(word, "*") && word != "JobsTable.Arn/stream/*" {
					f.add("%s is granted %s", id, word)
				}
			}
		}
		role := t.Resources[t.Functions[id].Role]
		for _, property := range slices.Sorted(maps.Keys(role.Properties)) {
			if property != "AssumeRolePolicyDocument" && property != "Policies" {
				f.add("%s's role has %s", id, property)
			}
		}
		for _, property := range []string{"Policies", "PermissionsBoundary", "FunctionUrlConfig"} {
			if t.Functions[id].Properties[property] != nil {
				f.add("%s has %s: its role says what it may", id, property)
			}
		}
	}
	return f
}
