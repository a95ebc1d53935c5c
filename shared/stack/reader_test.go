package stack_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/stack"
)

// small is a template with every function that ours uses.
const small = `
Parameters:
  Long: {Type: Number, Default: 20, MaxValue: 30}
  Domain: {Type: String, Default: ""}
  Places: {Type: CommaDelimitedList, Default: "us,eu"}
Conditions:
  HasDomain: !Not [!Equals [!Ref Domain, ""]]
Globals:
  Function: {Timeout: !Ref Long, Runtime: provided.al2023}
Resources:
  Work: {Type: AWS::SQS::Queue}
  Do:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/do
      ReservedConcurrentExecutions: !If [HasDomain, 7, !Ref AWS::NoValue]
      Role: !GetAtt DoRole.Arn
      Environment:
        Variables: {QUEUE: !Ref Work, HOST: !If [HasDomain, !Ref Domain, none], PLACE: !Sub "${Work.Arn}/${AWS::Region}", LONG: !Ref Long, PLACES: !Join [",", !Ref Places]}
  DoRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Work.Arn}]
Outputs:
  Queue: {Value: !Ref Work}
`

func TestTheReaderGivesWhatCloudFormationWould(t *testing.T) {
	template, err := stack.Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	f := template.Functions["Do"]
	if diff := cmp.Diff(map[string]string{"QUEUE": "Work", "HOST": "none", "PLACE": "Work.Arn/us-east-1", "LONG": "20", "PLACES": "us,eu"}, f.Environment); diff != "" || f.Reserved != -1 {
		t.Errorf("before anything is created, reserved %d:\n%s", f.Reserved, diff)
	}
	if diff := cmp.Diff([]stack.Statement{{Actions: []string{"sqs:SendMessage"}, Resources: []string{"Work.Arn"}}}, f.Statements); diff != "" || f.Folder != "do" {
		t.Errorf("folder %q:\n%s", f.Folder, diff)
	}
	made, err := template.With(map[string]string{"Domain": "example.com", "Long": "25", "Places": "au, us"}, map[string]string{"Work": "http://127.0.0.1/x"})
	if err != nil {
		t.Fatal(err)
	}
	f = made.Functions["Do"]
	want := map[string]string{"QUEUE": "http://127.0.0.1/x", "HOST": "example.com", "PLACE": "Work.Arn/us-east-1", "LONG": "25", "PLACES": "au,us"}
	if diff := cmp.Diff(want, f.Environment); diff != "" || f.Reserved != 7 || f.Timeout.Seconds() != 25 {
		t.Errorf("reserved %d, timeout %s:\n%s", f.Reserved, f.Timeout, diff)
	}
	if got := made.Outputs["Queue"]; got != want["QUEUE"] {
		t.Errorf("the output is %q", got)
	}
	list, err := made.Environment("Do", &stack.Server{URL: "http://127.0.0.1:1"}, &stack.Server{URL: "http://127.0.0.1:2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"QUEUE=http://127.0.0.1/x", "AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:1", "AWS_ENDPOINT_URL_SQS=http://127.0.0.1:2", "AWS_REGION=us-east-1"} {
		if !slices.Contains(list, v) {
			t.Errorf("%s is not in %v", v, list)
		}
	}
}

func TestTheReaderRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, row := range []struct{ story, old, new, want string }{
		{"another function", "!Ref Domain, none]", "!Ref Domain, !Select [0, [a]]]", "Fn::Select"},
		{"a text that is joined", "!Ref Places]", "!Ref Places, x]", "Fn::Join"},
		{"a reference to nothing", "QUEUE: !Ref Work", "QUEUE: !Ref Works", "there is no Works"},
		{"the same in a text", "${Work.Arn}", "${Works.Arn}", "there is no Works.Arn"},
		{"a condition that is not there", "!If [HasDomain, 7", "!If [HasDomains, 7", "there is no condition HasDomains"},
		{"a resource that is there twice", "  DoRole:", "  Work:", "already defined"},
		{"a parameter that must be given", "Default: 20, ", "", "parameter Long has no default"},
		{"no YAML", "Parameters:", "Parameters: [", "reading the template"},
	} {
		t.Run(row.story, func(t *testing.T) {
			if _, err := stack.Parse([]byte(strings.Replace(small, row.old, row.new, 1))); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
	template, err := stack.Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.With(map[string]string{"Lang": "1"}); err == nil || !strings.Contains(err.Error(), "Lang") {
		t.Errorf("a parameter that is not there: %v", err)
	}
}

func TestParametersThatDoNotFitTogetherAreRefused(t *testing.T) {
	const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/x"
	for _, row := range []struct {
		story  string
		values map[string]string
		want   string
	}{
		{"another region is the default", map[string]string{"DefaultRegion": "eu"}, ""},
		{"the default is not served", map[string]string{"DefaultRegion": "au"}, "DefaultRegion must be one of Regions"},
		{"the default is a part of one", map[string]string{"Regions": "us-1,eu"}, "DefaultRegion must be one of Regions"},
		{"regions with a space between", map[string]string{"Regions": "eu, us"}, ""},
		{"a domain with its certificate", map[string]string{"Domain": "example.com", "CertificateArn": certificate}, ""},
		{"a domain without", map[string]string{"Domain": "example.com"}, "A Domain needs a CertificateArn"},
	} {
		t.Run(row.story, func(t *testing.T) {
			if _, err := load(t).With(row.values); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestAnOperatorIsToldWhatWasMade(t *testing.T) {
	template := load(t)
	told := slices.Collect(maps.Values(template.Outputs))
	for _, id := range slices.Concat(slices.Collect(maps.Keys(template.Tables)), slices.Collect(maps.Keys(template.Queues)), []string{"Api.ApiEndpoint", "SecretsKey"}) {
		if !slices.Contains(told, id) {
			t.Errorf("no output tells of %s", id)
		}
	}
}
