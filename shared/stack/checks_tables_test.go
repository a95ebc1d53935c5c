package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reprise/shared/stack"
)

func checkTables(t *stack.Template, _ tree) (f faults) {
	expire := map[string]string{"SlicesTable": "expires_at", "EntriesTable": "expires_at", "CountsTable": "expires_at"} // DESIGN.md §3: life
	secret := map[string]string{"WebhooksTable": "SecretsKey.Arn", "KeysTable": "SecretsKey.Arn"}
	stream := map[string]string{"JobsTable": "NEW_IMAGE"}
	f.lists(slices.Collect(maps.Keys(t.Tables)), strings.Fields("JobsTable SlicesTable EntriesTable CountsTable WebhooksTable TokensTable KeysTable"), "%s is no table of DESIGN.md §3", "there is no %s")
	for id, table := range t.Tables {
		f.wrong("that "+id+" is paid by use", table.OnDemand, true)
		f.wrong("that "+id+" can be taken back to a moment", table.Recovery, true)
		f.wrong("what items of "+id+" expire by", table.TTL, expire[id])
		f.wrong("what "+id+" is encrypted with", table.KMSKey, secret[id])
		f.wrong(id+"'s stream", table.Stream, stream[id])
		f.kept(t, id)
	}
	f.kept(t, "SecretsKey") // without it nobody reads the tables that are kept
	f.wrong("that SecretsKey rotates", t.Resources["SecretsKey"].Properties["EnableKeyRotation"], true)
	return f
}

// kept: with its data, but not from a first deploy that failed.
func (f *faults) kept(t *stack.Template, id string) {
	f.wrong("what becomes of "+id+" when the stack is deleted", t.Resources[id].Deletion, "RetainExceptOnCreate")
	f.wrong("what becomes of "+id+" when it is replaced", t.Resources[id].Replace, "Retain")
}

func checkFunctions(t *stack.Template, _ tree) (f faults) {
	other, err := t.With(map[string]string{"Architecture": "x86_64", "LogRetention": "3", "LogLevel": "warn"})
	if err != nil {
		return faults{err.Error()}
	}
	roles := make(map[string]string)
	for id, fn := range t.Functions {
		f.wrong(id+"'s runtime", fn.Properties["Runtime"], "provided.al2023")
		f.wrong(id+"'s handler", fn.Properties["Handler"], "bootstrap")
		f.wrong(id+"'s architectures", fn.Architecture+", "+other.Functions[id].Architecture, "arm64, x86_64")
		f.wrong("how "+id+" is built", t.Resources[id].Metadata["BuildMethod"], "go1.x")
		f.wrong(id+"'s reserved concurrency", fn.Reserved, -1)
		f.wrong(id+"'s log level", other.Functions[id].Environment["LOG_LEVEL"], "warn")
		logs := fmt.Sprint(fn.Properties["LoggingConfig"])
		f.wrong(id+"'s logging", logs, fmt.Sprintf("map[ApplicationLogLevel:TRACE LogFormat:JSON LogGroup:%sLogs]", id)) // all that our handler writes passes
		group := other.Resources[id+"Logs"]
		f.wrong(id+"Logs's retention", fmt.Sprint(group.Type, " ", group.Properties["RetentionInDays"]), "AWS::Logs::LogGroup 3")
		if was := roles[fn.Role]; was != "" {
			f.add("%s and %s share the role %s", was, id, fn.Role)
		}
		roles[fn.Role] = id
	}
	return f
}
