package stack_test

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"reprise/shared/stack"
)

func TestAPortIsDrawnByNobodyElseUntilItsProgramEnds(t *testing.T) {
	p, err := stack.TakePort()
	if err != nil {
		t.Fatal(err)
	}
	if p.Number < 10_000 || p.Number >= 32_768 {
		t.Errorf("%d may be given by a kernel to whoever names no port", p.Number)
	}
	l, err := net.Listen("tcp", p.Address())
	if err != nil {
		t.Fatalf("its program cannot listen: %v", err)
	}
	_ = l.Close()
	taken := func() bool {
		c, err := net.ListenPacket("udp", p.Address())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	program, err := stack.Spawn(cmd, p)
	if err != nil {
		t.Fatal(err)
	}
	if !taken() {
		t.Error("it can be drawn while its program runs")
	}
	_ = in.Close() // which ends cat
	<-program.Ended()
	if taken() {
		t.Error("it is held though its program has ended")
	}
}

func TestAServerThatEndsIsNoServer(t *testing.T) {
	starts := 0
	_, err := stack.Serve(t.Context(), "a server", nil, func(*stack.Port) *exec.Cmd {
		starts++
		return exec.Command("sh", "-c", "echo no such port; exit 3")
	})
	if err == nil || starts < 2 || !strings.Contains(err.Error(), "starting a server") || !strings.Contains(err.Error(), "no such port") {
		t.Errorf("after %d starts: %v", starts, err)
	}
}
