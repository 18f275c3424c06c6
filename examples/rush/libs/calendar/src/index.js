const { days, weekday, feast } = require('@almanac/dates');

// The lines of a month. A feast has a star.
exports.month = (year, month) => {
  let line = '   '.repeat(weekday(year, month, 1));
  const lines = [];
  for (let day = 1; day <= days(year, month); ++day) {
    line += String(day).padStart(2) + (feast(month, day) ? '*' : ' ');
    if (weekday(year, month, day) < 6 && day < days(year, month)) continue;
    lines.push(line.trimEnd());
    line = '';
  }
  return lines;
};
