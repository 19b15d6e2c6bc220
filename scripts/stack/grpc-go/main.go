// A gRPC server by grpc-go, as Milvus' own is, which answers any call with bytes: the last part of the path says how. Prints
// its port; ends with its standard input.
//
//	Echo   the request
//	Large  as many bytes as the request says in decimal
//	Fail   RESOURCE_EXHAUSTED with words beyond ASCII
//	Wait   nothing, until the client gives up
//	Given  how many Waits were given up by their clients
//	Limit  the request's deadline, in ms from now
//	Drain  the request, and GOAWAY to all connections
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"strconv"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = append([]byte{}, data...); return nil }
func (raw) Name() string                       { return "proto" }

var given atomic.Int64

func handle(server func() *grpc.Server) grpc.StreamHandler {
	return func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		var body []byte
		if err := stream.RecvMsg(&body); err != nil {
			return err
		}
		switch path.Base(method) {
		case "Large":
			size, _ := strconv.Atoi(string(body))
			body = make([]byte, size)
			for i := range body {
				body[i] = byte(i * 7)
			}
		case "Fail":
			return status.Error(codes.ResourceExhausted, "zu viel: 100 % €")
		case "Wait":
			<-stream.Context().Done()
			given.Add(1)
			return stream.Context().Err()
		case "Given":
			body = []byte(strconv.FormatInt(given.Load(), 10))
		case "Limit":
			deadline, _ := stream.Context().Deadline()
			body = []byte(strconv.FormatInt(time.Until(deadline).Milliseconds(), 10))
		case "Drain":
			go server().GracefulStop()
		}
		return stream.SendMsg(&body)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var server *grpc.Server
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(raw{}),
		grpc.UnknownServiceHandler(handle(func() *grpc.Server { return server })),
		grpc.MaxRecvMsgSize(64 << 20),
		grpc.MaxConcurrentStreams(3),
	}
	if len(os.Args) == 3 {
		tls, err := credentials.NewServerTLSFromFile(os.Args[1], os.Args[2])
		if err != nil {
			panic(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	server = grpc.NewServer(options...)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
	select {} // after Drain it takes no more, and is ended as always
}
