#pragma once
namespace mill
{
}
