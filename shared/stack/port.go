package stack

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	// lowest and beyond are between the ports that services like and those that kernels give to whoever names none: Linux from
	// 32768 on, others from 49152 (RFC 6335 §6). One that the kernel gives may be taken again before its program listens.
	lowest, beyond = 10_000, 32_768
	// draws is how many ports are looked at.
	draws = 100
)

// Port is one of 127.0.0.1 for a program to listen on. As long as it is held no other process draws it that asks here: whoever has
// the UDP port has the TCP port of that number to give, and the kernel takes it back whatever ends the process.
type Port struct {
	Number int
	held   net.PacketConn
}

// TakePort draws a port that nobody listens on.
func TakePort() (*Port, error) {
	var errs error
	for range draws {
		p, err := takePort(lowest + rand.IntN(beyond-lowest))
		if err == nil {
			return p, nil
		}
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

func takePort(number int) (*Port, error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(number))
	held, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return &Port{number, held}, l.Close()
}

// Address is host and port.
func (p *Port) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Number)) }

// Release lets others draw it.
func (p *Port) Release() { _ = p.held.Close() }
