// The comparison in Go that runs side by side: what a skilled Go engineer writes in an afternoon (franz-go, sonic,
// Milvus' own protobuf over grpc-go).
//
// Usage: rival TOPIC HOST:PORT BROKERS COLLECTION. One loop, requests of up to 1000 rows, the offsets committed after
// each one's acknowledgement; what goes wrong ends it.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/bytedance/sonic"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"github.com/milvus-io/milvus-proto/go-api/v2/schemapb"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	batchRows         = 1000
	fetchBytes        = 64 << 20
	partitionFetchMax = 16 << 20
)

// article is a record of the connector's guide.
type article struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	TitleVector []float32 `json:"title_vector"`
	Link        string    `json:"link"`
}

// columns are the rows of one request, field by field. Once it is answered they are filled anew.
type columns struct {
	ids     []int64
	titles  []string
	vectors []float32
	links   []string
	row     article
}

func main() {
	topic, endpoint, brokers, collection := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx := context.Background()
	connection := must(grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials())))
	milvus := milvuspb.NewMilvusServiceClient(connection)
	kafka := must(kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.ConsumerGroup(fmt.Sprintf("rival-go-%s-%d", topic, time.Now().UnixNano())),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(partitionFetchMax),
		kgo.DisableAutoCommit(),
	))
	var rows columns
	for {
		rows.reset()
		kafka.PollRecords(ctx, batchRows).EachRecord(rows.add)
		if len(rows.ids) == 0 {
			continue
		}
		answer := must(milvus.Upsert(ctx, rows.request(collection)))
		if status := answer.GetStatus(); status.GetCode() != 0 || status.GetErrorCode() != 0 {
			panic(status.String())
		}
		must(0, kafka.CommitUncommittedOffsets(ctx))
	}
}

func (c *columns) reset() {
	c.ids, c.titles, c.vectors, c.links = c.ids[:0], c.titles[:0], c.vectors[:0], c.links[:0]
}

// add decodes a record behind the others. A record's bytes are its own, so the strings may point into them.
func (c *columns) add(record *kgo.Record) {
	c.row = article{TitleVector: c.row.TitleVector[:0]}
	text := unsafe.String(unsafe.SliceData(record.Value), len(record.Value))
	if sonic.UnmarshalString(text, &c.row) != nil {
		return
	}
	c.ids = append(c.ids, c.row.ID)
	c.titles = append(c.titles, c.row.Title)
	c.vectors = append(c.vectors, c.row.TitleVector...)
	c.links = append(c.links, c.row.Link)
}

func (c *columns) request(collection string) *milvuspb.UpsertRequest {
	return &milvuspb.UpsertRequest{
		CollectionName: collection,
		NumRows:        uint32(len(c.ids)),
		FieldsData: []*schemapb.FieldData{
			scalars("id", schemapb.DataType_Int64, &schemapb.ScalarField{
				Data: &schemapb.ScalarField_LongData{LongData: &schemapb.LongArray{Data: c.ids}},
			}),
			varChars("title", c.titles),
			floatVectors("title_vector", c.vectors, len(c.vectors)/len(c.ids)),
			varChars("link", c.links),
		},
	}
}

func varChars(name string, values []string) *schemapb.FieldData {
	return scalars(name, schemapb.DataType_VarChar, &schemapb.ScalarField{
		Data: &schemapb.ScalarField_StringData{StringData: &schemapb.StringArray{Data: values}},
	})
}

func scalars(name string, of schemapb.DataType, values *schemapb.ScalarField) *schemapb.FieldData {
	return &schemapb.FieldData{FieldName: name, Type: of, Field: &schemapb.FieldData_Scalars{Scalars: values}}
}

func floatVectors(name string, values []float32, dim int) *schemapb.FieldData {
	return &schemapb.FieldData{
		FieldName: name,
		Type:      schemapb.DataType_FloatVector,
		Field: &schemapb.FieldData_Vectors{Vectors: &schemapb.VectorField{
			Dim:  int64(dim),
			Data: &schemapb.VectorField_FloatVector{FloatVector: &schemapb.FloatArray{Data: values}},
		}},
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
