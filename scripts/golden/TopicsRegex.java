// What java.util.regex makes of patterns for topic names: the answers that topics.regex is tested against.
//
//   java scripts/golden/TopicsRegex.java < test/unit/kafka/topics-regex/patterns.txt > test/unit/kafka/topics-regex/golden.txt
//
// Input: names to match, one a line, then an empty line, then patterns. Output, a line for each pattern: for each name
// 1 or 0, or - when Java takes it for no pattern; a tab; the pattern.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.regex.*;

public class TopicsRegex {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        List<String> names = new ArrayList<>();
        String line;
        while ((line = in.readLine()) != null && !line.isEmpty()) names.add(line);
        while ((line = in.readLine()) != null) {
            out.print(answers(line, names));
            out.print('\t');
            out.print(line);
            out.print('\n');
        }
        out.flush();
    }

    /** As Kafka's consumer asks: SubscriptionState.matchesSubscribedPattern calls Matcher.matches. */
    private static String answers(String regex, List<String> names) {
        try {
            Pattern pattern = Pattern.compile(regex);
            StringBuilder answers = new StringBuilder();
            for (String name : names) answers.append(pattern.matcher(name).matches() ? '1' : '0');
            return answers.toString();
        } catch (RuntimeException e) {
            // PatternSyntaxException, or one of java.util.regex's own defects.
            return "-";
        }
    }
}
