// The flood program makes new connections at a steady rate: each is one datagram to
// a port of an address of 198.51.100.0/24 that nothing was sent to before. It is a
// program because testdata/real runs it in a network namespace; a shell is too slow.
//
// Usage:
//
//	flood RATE SECONDS
//
// It prints their number, and the milliseconds that they took.
package main

import (
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: flood RATE SECONDS")
	}
	rate, err1 := strconv.Atoi(os.Args[1])
	seconds, err2 := strconv.Atoi(os.Args[2])
	conn, err3 := net.ListenUDP("udp4", nil)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			log.Fatal(err)
		}
	}
	start := time.Now()
	for sent := range rate * seconds {
		if sent%50 == 0 { // keep to the rate
			time.Sleep(time.Until(start.Add(time.Duration(sent) * time.Second / time.Duration(rate))))
		}
		to := netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + sent%250)})
		if _, err := conn.WriteToUDPAddrPort([]byte("x"), netip.AddrPortFrom(to, uint16(1+sent/250))); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(rate*seconds, time.Since(start).Milliseconds())
}
